//! The thread that computes. Texts of several callers are computed together, a bounded number of tokens in each round, of
//! which each caller has an equal share and its short texts come first. Every other round is one of questions, callers who
//! want little, where there are any: a long list of long texts holds them up for one round, and they hold it up as little.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::cache::Cache;
use crate::source::Model;
use crate::tokens::Tokens;
use crate::{Error, Vector};

/// A round takes texts until they have so many tokens: enough that reading the weights is a small part of its cost, and so
/// few that it takes some 10 ms.
const ROUND_TOKENS: usize = 256;

/// A caller who wants no more text than this asks a question.
const QUESTION_BYTES: usize = 512;

/// What a caller gets.
pub(crate) type Answer = Result<Vec<Vector>, Error>;

/// The texts of one call that the cache did not have.
pub(crate) struct Job {
    pub(crate) texts: Vec<Arc<str>>,
    pub(crate) answer: oneshot::Sender<Answer>,
    /// The room its texts take in the queue.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// A job under way.
struct Task {
    job: Job,
    vectors: Vec<Option<Vector>>,
    /// The texts still to be computed, by their places; the shortest last.
    left: Vec<usize>,
    /// How long these are together.
    bytes_left: usize,
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
pub(crate) fn run(
    model: &mut Model,
    queue: &mut mpsc::UnboundedReceiver<Job>,
    cache: &Mutex<Cache>,
) {
    let mut tasks: VecDeque<Task> = VecDeque::new();
    let mut questions = true;
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
        round(model, &mut tasks, cache, questions);
        questions = !questions;
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
        let bytes_left = job.texts.iter().map(|text| text.len()).sum();
        left.sort_by_key(|place| std::cmp::Reverse(job.texts[*place].len()));
        Task {
            job,
            vectors: vec![None; count],
            left,
            bytes_left,
            missing: count,
        }
    }

    /// Whether it wants little. One of which nothing is left wants nothing.
    fn is_question(&self) -> bool {
        self.bytes_left <= QUESTION_BYTES
    }

    /// The next text to be computed: its place.
    fn next(&mut self) -> Option<usize> {
        let place = self.left.pop()?;
        self.bytes_left -= self.job.texts[place].len();
        Some(place)
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
        self.left.clear();
        self.bytes_left = 0;
        // Before the answer, so that whoever has it finds the room.
        self.job.room = None;
        let (closed, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.job.answer, closed).send(answer));
    }
}

fn round(model: &mut Model, tasks: &mut VecDeque<Task>, cache: &Mutex<Cache>, questions: bool) {
    let wanted = choose(&model.tokens, tasks, cache, questions);
    if wanted.is_empty() {
        return;
    }
    let ids: Vec<&[u32]> = wanted.iter().map(|wanted| wanted.ids.as_slice()).collect();
    match model.engine.vectors(&ids) {
        Ok(vectors) => {
            for (wanted, vector) in wanted.iter().zip(vectors) {
                let vector = Arc::new(vector);
                crate::embedder::lock(cache).insert(&wanted.text, &vector);
                deliver(tasks, &wanted.by, &vector);
            }
        }
        Err(error) => {
            for wanted in &wanted {
                fail(tasks, &wanted.by, &error);
            }
        }
    }
}

/// Takes the round's texts from the tasks, one from each in turn; equal texts become one.
fn choose(
    tokens: &Tokens,
    tasks: &mut VecDeque<Task>,
    cache: &Mutex<Cache>,
    questions: bool,
) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
    let mut count = 0;
    let questions = questions && tasks.iter().any(Task::is_question);
    let asked = (0..tasks.len()).filter(|n| !questions || tasks[*n].is_question());
    let mut turns: VecDeque<usize> = asked.collect();
    while count < ROUND_TOKENS
        && let Some(by) = turns.pop_front()
    {
        let Some(place) = tasks[by].next() else {
            continue;
        };
        turns.push_back(by);
        let text = Arc::clone(&tasks[by].job.texts[place]);
        if let Some(index) = seen.get(&text) {
            wanted[*index].by.push((by, place));
            continue;
        }
        // Another call may have had it computed since this one looked.
        let found = crate::embedder::lock(cache).get(&text);
        if let Some(vector) = found {
            deliver(tasks, &[(by, place)], &vector);
            continue;
        }
        match tokens.of(&text) {
            Ok(ids) => {
                count += ids.len();
                seen.insert(Arc::clone(&text), wanted.len());
                let by = vec![(by, place)];
                wanted.push(Wanted { text, ids, by });
            }
            Err(reason) => fail(tasks, &[(by, place)], &reason),
        }
    }
    wanted
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
