//! A component's heap. It begins in memory that the component has from its start and asks for more only when that is used
//! up: to grow a fresh instance's memory, and to shrink it again afterwards, costs a host more than most calls do.
//!
//! Only where there is no C library: that of wasm32-wasip2 frees what the component's allocator gave, and has to be the same.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::{Cell, UnsafeCell};
use core::ptr;

use dlmalloc::{Allocator, Dlmalloc};

/// What there is from the start, in bytes. What a call does not touch of it costs nothing.
const FIRST_BYTES: usize = 256 << 10;

const PAGE_BYTES: usize = 64 << 10;

#[repr(C, align(16))]
struct First(UnsafeCell<[u8; FIRST_BYTES]>);

// SAFETY: a component has one thread.
unsafe impl Sync for First {}

static FIRST: First = First(UnsafeCell::new([0; FIRST_BYTES]));

/// Where the heap gets its memory: the first piece, then pages of the instance's memory.
struct Pages {
    first_given: Cell<bool>,
}

// SAFETY: `alloc` gives each byte away once: the first piece by the flag, a page because `memory.grow` gives it once. Both
// hold zeros, which an instance's memory begins with.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if size <= FIRST_BYTES && !self.first_given.replace(true) {
            return (FIRST.0.get().cast(), FIRST_BYTES, 0);
        }
        let pages = size.div_ceil(PAGE_BYTES);
        let before = wasm32::memory_grow(0, pages);
        let end = before
            .checked_add(pages)
            .and_then(|end| end.checked_mul(PAGE_BYTES));
        match end {
            // The last page of all would end where addresses begin again; it is left alone, like a refusal (`usize::MAX`).
            Some(_) if before != usize::MAX => (
                ptr::without_provenance_mut(before * PAGE_BYTES),
                pages * PAGE_BYTES,
                0,
            ),
            _ => (ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

struct Heap(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: a component has one thread.
unsafe impl Sync for Heap {}

impl Heap {
    #[allow(
        clippy::mut_from_ref,
        reason = "a component has one thread, and no call of the heap calls it again"
    )]
    unsafe fn inner(&self) -> &mut Dlmalloc<Pages> {
        // SAFETY: as said above, this is the only reference while it lives.
        unsafe { &mut *self.0.get() }
    }
}

// SAFETY: dlmalloc keeps what `GlobalAlloc` promises, and its callers' promises are passed on as they are.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe { self.inner().malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe { self.inner().calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, given: *mut u8, layout: Layout) {
        // SAFETY: see the impl.
        unsafe { self.inner().free(given, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, given: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe {
            self.inner()
                .realloc(given, layout.size(), layout.align(), size)
        }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages {
    first_given: Cell::new(false),
})));
