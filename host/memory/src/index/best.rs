//! The best of many scored things, in little memory: below a bar that rises as better ones come, they are not even kept.

/// Keeps the `limit` things with the highest scores; of equal ones, any.
pub(crate) struct Best<S, T> {
    limit: usize,
    bar: Option<S>,
    kept: Vec<(S, T)>,
}

impl<S: PartialOrd + Copy, T: Copy> Best<S, T> {
    pub(crate) fn new(limit: usize) -> Self {
        Best {
            limit,
            bar: None,
            kept: Vec::new(),
        }
    }

    /// Whether something with this score would be kept now.
    #[inline]
    pub(crate) fn wants(&self, score: S) -> bool {
        self.bar.is_none_or(|bar| score > bar)
    }

    #[inline]
    pub(crate) fn push(&mut self, score: S, thing: T) {
        if self.wants(score) && self.limit > 0 {
            self.kept.push((score, thing));
            // Sorting out seldom makes it cheap for each.
            if self.kept.len() >= 2 * self.limit + 64 {
                self.sort_out();
            }
        }
    }

    fn sort_out(&mut self) {
        if self.kept.len() > self.limit {
            let last = self.limit - 1;
            self.kept.select_nth_unstable_by(last, |a, b| {
                b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal)
            });
            self.bar = Some(self.kept[last].0);
            self.kept.truncate(self.limit);
        }
    }

    /// Adds all that another one has kept.
    pub(crate) fn append(&mut self, other: Best<S, T>) {
        for (score, thing) in other.kept {
            self.push(score, thing);
        }
    }

    /// What was kept, in any order.
    pub(crate) fn any_order(mut self) -> Vec<(S, T)> {
        self.sort_out();
        self.kept
    }

    /// What was kept, best first.
    pub(crate) fn sorted(self) -> Vec<(S, T)> {
        let mut kept = self.any_order();
        kept.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal));
        kept
    }
}
