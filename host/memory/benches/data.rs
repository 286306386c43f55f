//! Vectors and texts that look like those of real sentences, made from numbers, so that a million of them need no file:
//! topics of very different sizes with themes inside, in which few directions carry most; words as frequent as Zipf's law
//! says.

use std::sync::Arc;

use caxton_memory::Vector;

const TOPICS: usize = 2000;
const THEMES: u64 = 40;
const VOCABULARY: usize = 50_000;

/// Words of a text.
pub const WORDS: usize = 15;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// A number from 0 to under 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normally distributed, with deviation 1: four uniform numbers, added.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xffff).sum();
        (sum as f32 / 65536.0 - 2.0) * 3f32.sqrt()
    }
}

/// A world of topics and words.
pub struct World {
    spectrum: Vec<f32>,
    topics: Vec<Vec<f32>>,
    topic_sums: Vec<f64>,
    word_sums: Vec<f64>,
}

impl World {
    /// The same one each time.
    pub fn new() -> World {
        let spectrum: Vec<f32> = (1..=384).map(|i| (i as f32).powf(-0.35)).collect();
        let mut random = Random(1);
        let topics = (0..TOPICS)
            .map(|_| direction(&mut random, &spectrum))
            .collect();
        World {
            spectrum,
            topics,
            topic_sums: zipf(TOPICS, 0.7),
            word_sums: zipf(VOCABULARY, 1.05),
        }
    }

    /// The vector of the entity with that number.
    pub fn vector(&self, number: u64) -> Vector {
        let mut random = Random(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let topic = choose(&self.topic_sums, random.part());
        let theme = random.next() % THEMES;
        let theme = direction(&mut Random((topic as u64) << 32 | theme), &self.spectrum);
        let own = direction(&mut random, &self.spectrum);
        let mut vector = [0.0f32; 384];
        for (i, number) in vector.iter_mut().enumerate() {
            *number = 0.62 * self.topics[topic][i] + 0.42 * theme[i] + 0.66 * own[i];
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        Arc::new(vector.map(|x| x / length))
    }

    /// The words of the entity with that number.
    pub fn words(&self, number: u64) -> Vec<String> {
        let mut random = Random(number ^ 0x5555_0000);
        (0..WORDS)
            .map(|_| format!("w{}", choose(&self.word_sums, random.part())))
            .collect()
    }
}

fn direction(random: &mut Random, spectrum: &[f32]) -> Vec<f32> {
    let numbers: Vec<f32> = spectrum.iter().map(|s| s * random.normal()).collect();
    let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
    numbers.into_iter().map(|x| x / length).collect()
}

fn zipf(count: usize, exponent: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums: Vec<f64> = (1..=count)
        .map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        })
        .collect();
    for part in &mut sums {
        *part /= sum;
    }
    sums
}

fn choose(sums: &[f64], part: f64) -> usize {
    sums.partition_point(|sum| *sum < part).min(sums.len() - 1)
}

/// The numbers of the vectors with the largest dot products with each query, best first: the truth.
pub fn nearest(world: &World, count: u64, queries: &[Vector], top: usize) -> Vec<Vec<u64>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let scan = |thread: u64| {
        let mut best: Vec<Vec<(f32, u64)>> = vec![Vec::new(); queries.len()];
        for number in (thread..count).step_by(threads as usize) {
            let vector = world.vector(number);
            for (query, best) in queries.iter().zip(&mut best) {
                let score = dot(query, &vector);
                if best.len() < top || score > best[best.len() - 1].0 {
                    let at = best.partition_point(|(other, _)| *other >= score);
                    best.insert(at, (score, number));
                    best.truncate(top);
                }
            }
        }
        best
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || scan(thread)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    let merged = |query: usize| {
        let mut all: Vec<_> = parts.iter().flat_map(|part| part[query].clone()).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.into_iter()
            .take(top)
            .map(|(_, number)| number)
            .collect()
    };
    (0..queries.len()).map(merged).collect()
}

fn dot(a: &[f32; 384], b: &[f32; 384]) -> f32 {
    let mut sums = [0.0f32; 32];
    for (a, b) in a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0) {
        for lane in 0..32 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
