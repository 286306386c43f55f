//! Where the faults of one file are gathered.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Source;
use crate::config::fault::{Fault, Refusal};

/// How many faults of one file are told. A person mends a few and runs the check again; a file with more is not TOML at all.
pub(crate) const FAULTS_MAX: usize = 200;

/// The faults of one file.
#[derive(Debug)]
pub(crate) struct Report<'s> {
    /// The file.
    pub source: &'s Source,
    faults: Vec<Fault>,
    broken_lines: BTreeSet<u32>,
    untold: usize,
}

impl<'s> Report<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
            broken_lines: BTreeSet::new(),
            untold: 0,
        }
    }

    /// Notes a fault at the beginning of `span`. A line whose syntax is broken has been told of: what the parser made of it means
    /// nothing.
    pub(crate) fn add(
        &mut self,
        span: &Range<usize>,
        code: &'static str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (line, column) = self.source.position(span.start);
        if !self.broken_lines.contains(&line) {
            self.push(Fault {
                file: self.source.shown.clone(),
                line,
                column,
                code,
                reason: reason.into(),
                remedy: remedy.into(),
            });
        }
    }

    /// Notes that the value of the key `name` is refused.
    pub(crate) fn refuse(&mut self, span: &Range<usize>, name: &str, refusal: Refusal) {
        self.add(
            span,
            refusal.code,
            format!("`{name}` {}", refusal.reason),
            refusal.remedy,
        );
    }

    /// Notes that the text is not TOML at `span`. One fault for a line is enough: the rest follow from it.
    pub(crate) fn add_syntax(
        &mut self,
        span: &Range<usize>,
        code: &'static str,
        reason: String,
        remedy: &str,
    ) {
        let (line, column) = self.source.position(span.start);
        if self.broken_lines.insert(line) {
            self.push(Fault {
                file: self.source.shown.clone(),
                line,
                column,
                code,
                reason,
                remedy: remedy.to_owned(),
            });
        }
    }

    /// Whether the text is not TOML somewhere, so that what seems to be missing may only be unreadable.
    pub(crate) fn is_broken(&self) -> bool {
        !self.broken_lines.is_empty()
    }

    /// How many faults there are so far.
    pub(crate) fn count(&self) -> usize {
        self.faults.len() + self.untold
    }

    /// Gives the faults in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Fault> {
        self.faults.sort();
        self.faults.dedup();
        if self.untold > 0 {
            let (line, column) = self
                .faults
                .last()
                .map_or((1, 1), |last| (last.line, last.column));
            self.faults.push(Fault {
                file: self.source.shown.clone(),
                line,
                column,
                code: "too-many-faults",
                reason: format!("there are {} faults more", self.untold),
                remedy: "mend these and check again".to_owned(),
            });
        }
        self.faults
    }

    fn push(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault)
        } else {
            self.untold += 1
        }
    }
}
