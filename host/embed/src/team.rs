//! Several threads on one computation: its parts are numbered, and whoever is free takes the next. Helpers join where they
//! can, and nobody waits for one that does not run: on a busy machine the thread that asked does all parts itself.
//!
//! A forward pass has two hundred such computations of some 20 µs each, so helpers watch for the next one instead of being
//! woken; they sleep between passes.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// The lowest bits of `Shared::next`: the next part, and above it how many there are.
const PART_BITS: u32 = 16;
/// A number of that many bits.
const PART: u64 = (1 << PART_BITS) - 1;

/// Looks at the next computation before a thread offers its processor to others.
const LOOKS: u32 = 256;
/// Rounds of looks that a helper makes after a pass, before it sleeps: some 50 µs, for the next may follow at once.
const ROUNDS_AFTER: u32 = 20;

/// This thread's helpers.
pub(crate) struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    /// One thread asks at a time: a team can't be shared.
    alone: PhantomData<Cell<()>>,
}

#[derive(Default)]
struct Shared {
    /// What is computed: `call(context, part)`. Both are valid while parts of the computation in `next` are left or under
    /// way.
    call: AtomicPtr<()>,
    context: AtomicPtr<()>,
    /// The computation's number, how many parts it has, and which is next. The number never comes again.
    next: AtomicU64,
    /// Parts that have ended.
    done: AtomicUsize,
    /// Whether a part ended in a panic.
    failed: AtomicBool,
    /// Whether a pass is under way.
    busy: AtomicBool,
    /// Whether helpers are to end.
    end: AtomicBool,
}

impl Team {
    /// A team with this many helpers, or as many of them as can be started.
    pub(crate) fn new(helpers: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let helpers = (0..helpers).map_while(|_| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("embed-help".to_owned());
            thread.spawn(move || shared.help()).ok()
        });
        Team {
            helpers: helpers.collect(),
            shared,
            alone: PhantomData,
        }
    }

    /// Threads in all.
    pub(crate) fn size(&self) -> usize {
        1 + self.helpers.len()
    }

    /// Does `pass` with the helpers awake.
    ///
    /// # Errors
    /// A part has panicked.
    pub(crate) fn awake<T>(&self, pass: impl FnOnce() -> T) -> Result<T, String> {
        struct Busy<'a>(&'a AtomicBool);
        impl Drop for Busy<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }
        self.shared.busy.store(true, Ordering::Release);
        let _busy = Busy(&self.shared.busy);
        for helper in &self.helpers {
            helper.thread().unpark();
        }
        let result = pass();
        match self.shared.failed.swap(false, Ordering::Relaxed) {
            false => Ok(result),
            true => Err("a part of the computation panicked".to_owned()),
        }
    }

    /// Does `part(0)` to `part(parts - 1)`, in any order and on any of the threads, and returns when all have ended. At most
    /// 65,535 parts.
    pub(crate) fn each<F: Fn(usize) + Sync>(&self, parts: usize, part: F) {
        unsafe fn call<F: Fn(usize)>(context: *const (), part: usize) {
            // SAFETY: `context` is the `part` that `each` was called with for this `F`, and it has not returned.
            unsafe { (*context.cast::<F>())(part) }
        }
        if parts <= 1 || self.helpers.is_empty() {
            (0..parts).for_each(part);
            return;
        }
        debug_assert!(parts as u64 <= PART);
        let shared = &*self.shared;
        let function: unsafe fn(*const (), usize) = call::<F>;
        shared.call.store(function as *mut (), Ordering::Relaxed);
        let context = std::ptr::from_ref(&part).cast_mut().cast();
        shared.context.store(context, Ordering::Relaxed);
        shared.done.store(0, Ordering::Relaxed);
        let number = (shared.next.load(Ordering::Relaxed) >> (2 * PART_BITS)) + 1;
        let next = (number << PART_BITS | parts as u64) << PART_BITS;
        // Whoever sees this sees the stores above.
        shared.next.store(next, Ordering::Release);
        // Should a part panic on this thread, the others still end before `part` goes.
        let _all = All { shared, parts };
        while shared.take() {}
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Release);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // It has nothing to say; its panics were reported by `awake`.
            drop(helper.join());
        }
    }
}

/// Waits, at the end, for all parts.
struct All<'a> {
    shared: &'a Shared,
    parts: usize,
}

impl Drop for All<'_> {
    fn drop(&mut self) {
        while self.shared.take() {}
        let mut looks = 0u32;
        while self.shared.done.load(Ordering::Acquire) < self.parts {
            rest(&mut looks);
        }
    }
}

/// Marks a part as ended, also where it panics.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::Relaxed);
        }
        self.0.done.fetch_add(1, Ordering::Release);
    }
}

impl Shared {
    /// Does the next part, if there is one.
    fn take(&self) -> bool {
        let mut next = self.next.load(Ordering::Acquire);
        loop {
            let (part, parts) = (next & PART, next >> PART_BITS & PART);
            if part >= parts {
                return false;
            }
            let function = self.call.load(Ordering::Relaxed);
            let context = self.context.load(Ordering::Relaxed);
            let taken =
                self.next
                    .compare_exchange(next, next + 1, Ordering::AcqRel, Ordering::Acquire);
            if let Err(other) = taken {
                next = other;
                continue;
            }
            let _ended = Ended(self);
            // SAFETY: the exchange succeeded, so the computation is the one that `next` was read of, and `function` and
            // `context` are its own: they are written before `next` and replaced only after all parts have ended.
            // `each` does not return before this part has.
            unsafe {
                let call: unsafe fn(*const (), usize) = std::mem::transmute(function);
                call(context, part as usize);
            }
            return true;
        }
    }

    /// What a helper does all day.
    fn help(&self) {
        let (mut looks, mut rounds) = (0, 0);
        while !self.end.load(Ordering::Acquire) {
            if self.take() || self.busy.load(Ordering::Acquire) {
                rounds = 0;
            }
            if rest(&mut looks) {
                rounds += 1;
            }
            if rounds > ROUNDS_AFTER {
                std::thread::park();
                rounds = 0;
            }
        }
    }
}

/// Lets a little time pass; now and then, whoever else wants this processor has it, and then it says so.
fn rest(looks: &mut u32) -> bool {
    *looks = (*looks + 1) % LOOKS;
    if *looks == 0 {
        std::thread::yield_now();
        return true;
    }
    std::hint::spin_loop();
    false
}

/// A slice of which several threads write different parts.
pub(crate) struct Parts<'a, T> {
    start: *mut T,
    length: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it gives out what `&mut [T]` would, each part to one thread, as callers of `part` promise.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Parts {
            start: slice.as_mut_ptr(),
            length: slice.len(),
            slice: PhantomData,
        }
    }

    /// `count` elements from `first` on.
    ///
    /// # Safety
    /// While it lives, no other part that overlaps it does.
    #[expect(
        clippy::mut_from_ref,
        reason = "that parts do not overlap is the caller's promise"
    )]
    pub(crate) unsafe fn part(&self, first: usize, count: usize) -> &mut [T] {
        assert!(first <= self.length && count <= self.length - first);
        // SAFETY: it lies within the slice that `self` borrows alone, and the caller gives it to nobody else.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for helpers in [0, 1, 3] {
            let team = Team::new(helpers);
            for parts in [0, 1, 2, 7, 300] {
                let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..50 {
                    team.each(parts, |part| {
                        done[part].fetch_add(1, Ordering::Relaxed);
                    });
                }
                assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 50));
            }
        }
    }

    #[test]
    fn a_panic_is_said_by_the_pass_and_the_next_one_works() {
        let team = Team::new(1);
        let shared = Arc::clone(&team.shared);
        let panicking = std::panic::AssertUnwindSafe(|| {
            team.each(20, |part| assert!(part != 7, "on purpose"));
        });
        // On this thread the panic passes through; on a helper's it is kept for the pass.
        let through = std::panic::catch_unwind(panicking).is_err();
        assert!(shared.failed.load(Ordering::Relaxed) || through);
        assert!(team.awake(|| ()).is_err());
        let sum = AtomicUsize::new(0);
        team.each(20, |part| {
            sum.fetch_add(part, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 190);
        assert!(team.awake(|| ()).is_ok());
    }
}
