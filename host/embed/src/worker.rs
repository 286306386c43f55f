//! The thread that computes. Texts of several callers are computed together, a bounded number in each round; within a
//! round the short ones come first, so that a long list of long texts does not hold up a question.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::cache::Cache;
use crate::source::Model;
use crate::{Error, Vector};

/// Texts computed in one round; a new caller waits no longer than for one.
const ROUND_TEXTS: usize = 32;

/// What a caller gets.
pub(crate) type Answer = Result<Vec<Vector>, Error>;

/// The texts of one call that the cache did not have.
pub(crate) struct Job {
    pub(crate) texts: Vec<Arc<str>>,
    pub(crate) answer: oneshot::Sender<Answer>,
    /// The room its texts take in the queue; given back with the answer.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// A job under way.
struct Task {
    job: Job,
    vectors: Vec<Option<Vector>>,
    /// The texts still to be computed, by their places; the shortest last.
    left: Vec<usize>,
    /// How many have no vector yet, those of the present round included.
    missing: usize,
}

/// A text of a round, with everyone who wants it: task and place.
struct Wanted {
    text: Arc<str>,
    ids: Vec<u32>,
    by: Vec<(usize, usize)>,
}

/// Computes until no caller can come any more.
pub(crate) fn run(model: &Model, queue: &mut mpsc::UnboundedReceiver<Job>, cache: &Mutex<Cache>) {
    let mut tasks: VecDeque<Task> = VecDeque::new();
    loop {
        if tasks.is_empty() {
            let Some(job) = queue.blocking_recv() else {
                return;
            };
            tasks.push_back(Task::new(job));
        }
        while let Ok(job) = queue.try_recv() {
            tasks.push_back(Task::new(job));
        }
        round(model, &mut tasks, cache);
        tasks.retain(|task| task.missing > 0 && !task.job.answer.is_closed());
        // The next round begins with another caller.
        if let Some(first) = tasks.pop_front() {
            tasks.push_back(first);
        }
    }
}

impl Task {
    fn new(job: Job) -> Self {
        let count = job.texts.len();
        let mut left: Vec<usize> = (0..count).collect();
        left.sort_by_key(|place| std::cmp::Reverse(job.texts[*place].len()));
        Task {
            job,
            vectors: vec![None; count],
            left,
            missing: count,
        }
    }

    fn take(&mut self, place: usize, vector: &Vector) {
        self.vectors[place] = Some(Arc::clone(vector));
        self.missing -= 1;
        if self.missing == 0 {
            let vectors = std::mem::take(&mut self.vectors)
                .into_iter()
                .flatten()
                .collect();
            self.finish(Ok(vectors));
        }
    }

    /// Answers; what comes for it later is dropped.
    fn finish(&mut self, answer: Answer) {
        self.missing = 0;
        let (closed, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.job.answer, closed).send(answer));
    }
}

fn round(model: &Model, tasks: &mut VecDeque<Task>, cache: &Mutex<Cache>) {
    let mut wanted = choose(tasks);
    wanted.retain_mut(|wanted| {
        // Another call may have had it computed since this one looked.
        let found = crate::embedder::lock(cache).get(&wanted.text);
        if let Some(vector) = &found {
            deliver(tasks, &wanted.by, vector);
            return false;
        }
        match model.tokens.of(&wanted.text) {
            Ok(ids) => wanted.ids = ids,
            Err(reason) => fail(tasks, &wanted.by, &reason),
        }
        !wanted.ids.is_empty()
    });
    wanted.sort_by_key(|wanted| wanted.ids.len());
    for batch in wanted.chunk_by(|a, b| similar(a.ids.len(), b.ids.len())) {
        let ids: Vec<&[u32]> = batch.iter().map(|wanted| wanted.ids.as_slice()).collect();
        match model.bert.vectors(&ids) {
            Ok(vectors) => {
                for (wanted, vector) in batch.iter().zip(vectors) {
                    let vector = Arc::new(vector);
                    crate::embedder::lock(cache).insert(&wanted.text, &vector);
                    deliver(tasks, &wanted.by, &vector);
                }
            }
            Err(error) => {
                for wanted in batch {
                    fail(tasks, &wanted.by, &error.to_string());
                }
            }
        }
    }
}

/// Takes the round's texts from the tasks, an equal share from each; equal texts become one.
fn choose(tasks: &mut VecDeque<Task>) -> Vec<Wanted> {
    let share = (ROUND_TEXTS / tasks.len()).max(1);
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
    for (number, task) in tasks.iter_mut().enumerate().take(ROUND_TEXTS) {
        for place in task.left.split_off(task.left.len().saturating_sub(share)) {
            let text = &task.job.texts[place];
            let index = *seen.entry(Arc::clone(text)).or_insert_with(|| {
                wanted.push(Wanted {
                    text: Arc::clone(text),
                    ids: Vec::new(),
                    by: Vec::new(),
                });
                wanted.len() - 1
            });
            wanted[index].by.push((number, place));
        }
    }
    wanted
}

/// Whether padding the shorter of two neighbours to the longer wastes little.
fn similar(shorter: usize, longer: usize) -> bool {
    longer <= shorter + shorter / 8
}

fn deliver(tasks: &mut VecDeque<Task>, by: &[(usize, usize)], vector: &Vector) {
    for (number, place) in by {
        if let Some(task) = tasks.get_mut(*number).filter(|task| task.missing > 0) {
            task.take(*place, vector);
        }
    }
}

fn fail(tasks: &mut VecDeque<Task>, by: &[(usize, usize)], reason: &str) {
    for (number, _) in by {
        if let Some(task) = tasks.get_mut(*number).filter(|task| task.missing > 0) {
            task.finish(Err(Error::Failed(reason.to_owned())));
        }
    }
}
