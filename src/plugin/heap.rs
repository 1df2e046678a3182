//! The allocator: two-level segregated fit, which is small and of constant time.

use rlsf::{FlexSource, FlexTlsf};
use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::ptr::{NonNull, null_mut, slice_from_raw_parts_mut};

/// A page of memory, in bytes.
const PAGE: usize = 64 << 10;

/// How many pages the memory grows by at least: every growth is a call of the host.
const GROWTH: usize = 8;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(FlexTlsf::new(Memory { is_begun: false })));

/// Blocks of 64 MiB at most, which is more than hosts give, in classes that are an eighth apart.
struct Heap(UnsafeCell<FlexTlsf<Memory, u32, u8, 22, 8>>);

// The component has one thread.
unsafe impl Sync for Heap {}

unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).allocate(layout).map_or(null_mut(), NonNull::as_ptr) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).deallocate(NonNull::new_unchecked(at), layout.align()) }
    }
}

/// The memory: first what is there from the beginning, which costs nothing, and then what it grows by.
struct Memory {
    is_begun: bool,
}

unsafe extern "C" {
    /// Where the linker put nothing any more.
    static __heap_base: u8;
}

unsafe impl FlexSource for Memory {
    unsafe fn alloc(&mut self, least: usize) -> Option<NonNull<[u8]>> {
        let first = (&raw const __heap_base).addr().next_multiple_of(16);
        let (start, end) = (first, memory_size(0) * PAGE);
        let (start, length) = if !self.is_begun && end - start >= least {
            (start, end - start)
        } else {
            // Close to its limit the host may still give what is needed.
            let least = least.div_ceil(PAGE);
            let grow = |pages| Some((memory_grow(0, pages), pages)).filter(|(before, _)| *before != usize::MAX);
            let (before, pages) = grow(least.max(GROWTH)).or_else(|| grow(least))?;
            (before * PAGE, pages * PAGE)
        };
        self.is_begun = true;
        NonNull::new(slice_from_raw_parts_mut(start as *mut u8, length))
    }

    fn min_align(&self) -> usize {
        16
    }
}
