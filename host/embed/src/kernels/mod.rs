//! The kernels: what the network's time goes to, compiled for several kinds of processor and chosen when the model is read.
//! They know rows and panels, and nothing of texts. The sums of products are exact, so alike for all kinds; elsewhere they
//! differ by a few units in the last place.

/// Calls `function::<.., ROWS>` with the number of rows, at most `max`, as a constant, so that their sums stay in registers.
macro_rules! rows {
    ($rows:expr, $max:expr, $function:ident $generics:tt $arguments:tt) => {
        rows!(@each $rows, $max, $function $generics $arguments 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    (@each $rows:expr, $max:expr, $function:ident $generics:tt $arguments:tt $($n:literal)+) => {
        match $rows {
            $($n if const { $n <= $max } => rows!(@one $function $generics $arguments $n),)+
            _ => {}
        }
    };
    (@one $function:ident [$($generic:ident),+] ($($argument:expr),* $(,)?) $n:literal) => {
        $function::<$($generic),+, $n>($($argument),*)
    };
}

mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dot;
mod gelu;
mod lanes;
mod portable;
mod product;
mod rows;
#[cfg(test)]
mod tests;

use crate::DIMENSIONS;

pub(crate) use attention::{Head, QUERIES};
pub(crate) use product::{Matrix, PANEL, Panel, Piece, Row, Then};
pub(crate) use rows::Norm;

/// Pairs of numbers in a hidden row.
pub(crate) const HIDDEN: usize = DIMENSIONS / 2;
/// Pairs of numbers in a row between the two products of the feed-forward part.
pub(crate) const WIDE: usize = 2 * DIMENSIONS;

/// The kernels for one kind of processor.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    /// What the kind is called.
    pub(crate) name: &'static str,
    hidden_panel: unsafe fn(&Panel<'_, HIDDEN>, &mut [Piece]),
    wide_panel: unsafe fn(&Panel<'_, WIDE>, &mut [Piece]),
    attend: unsafe fn(&Head<'_>, &mut [Piece]),
    normalise: unsafe fn(&Norm, &mut [Piece]),
    hidden_whole: unsafe fn(&[Piece], &mut Row<HIDDEN>) -> f32,
    wide_whole: unsafe fn(&[Piece], &mut Row<WIDE>) -> f32,
    dot: unsafe fn(&[f32; DIMENSIONS], &[f32; DIMENSIONS]) -> f32,
}

/// Compiles the kernels for a kind of lanes.
macro_rules! compiled {
    ($kind:ident, $name:literal, $lanes:expr, $(#[$features:meta])?) => {
        mod $kind {
            use super::*;

            $(#[$features])?
            fn hidden_panel(work: &Panel<'_, HIDDEN>, out: &mut [Piece]) {
                product::panel($lanes, work, out);
            }
            $(#[$features])?
            fn wide_panel(work: &Panel<'_, WIDE>, out: &mut [Piece]) {
                product::panel($lanes, work, out);
            }
            $(#[$features])?
            fn attend(head: &Head<'_>, out: &mut [Piece]) {
                attention::attend($lanes, head, out);
            }
            $(#[$features])?
            fn normalise(norm: &Norm, row: &mut [Piece]) {
                rows::normalise($lanes, norm, row);
            }
            $(#[$features])?
            fn hidden_whole(row: &[Piece], to: &mut Row<HIDDEN>) -> f32 {
                rows::whole($lanes, row, to)
            }
            $(#[$features])?
            fn wide_whole(row: &[Piece], to: &mut Row<WIDE>) -> f32 {
                rows::whole($lanes, row, to)
            }
            $(#[$features])?
            fn dot(a: &[f32; DIMENSIONS], b: &[f32; DIMENSIONS]) -> f32 {
                super::dot::dot($lanes, a, b)
            }

            pub(super) const KERNELS: Kernels = Kernels {
                name: $name,
                hidden_panel,
                wide_panel,
                attend,
                normalise,
                hidden_whole,
                wide_whole,
                dot,
            };
        }
    };
}

compiled!(anywhere, "plain", portable::Portable,);

#[cfg(target_arch = "x86_64")]
compiled!(
    with_avx2,
    "AVX2",
    // SAFETY: this is called only where the processor has the features of the function around it.
    unsafe { avx2::Avx2::new() },
    #[target_feature(enable = "avx2,fma")]
);

#[cfg(target_arch = "x86_64")]
compiled!(
    with_avx512,
    "AVX-512",
    // SAFETY: as above.
    unsafe { avx512::Avx512::<false>::new() },
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
);

#[cfg(target_arch = "x86_64")]
compiled!(
    with_vnni,
    "AVX-512 VNNI",
    // SAFETY: as above.
    unsafe { avx512::Avx512::<true>::new() },
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
);

impl Kernels {
    /// All that this processor can run, the best first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let (avx512, vnni, avx2) = (
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl"),
            is_x86_feature_detected!("avx512vnni"),
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        );
        [
            #[cfg(target_arch = "x86_64")]
            (avx512 && vnni).then_some(with_vnni::KERNELS),
            #[cfg(target_arch = "x86_64")]
            avx512.then_some(with_avx512::KERNELS),
            #[cfg(target_arch = "x86_64")]
            avx2.then_some(with_avx2::KERNELS),
            Some(anywhere::KERNELS),
        ]
        .into_iter()
        .flatten()
    }

    /// The best for this processor.
    pub(crate) fn best() -> Self {
        Self::all().next().unwrap_or(anywhere::KERNELS)
    }

    pub(crate) fn hidden_panel(&self, work: &Panel<'_, HIDDEN>, out: &mut [Piece]) {
        // SAFETY: a value of this type is made only by `all`, for a processor that has what the kernels need. So below.
        unsafe { (self.hidden_panel)(work, out) }
    }

    pub(crate) fn wide_panel(&self, work: &Panel<'_, WIDE>, out: &mut [Piece]) {
        // SAFETY: as above.
        unsafe { (self.wide_panel)(work, out) }
    }

    pub(crate) fn attend(&self, head: &Head<'_>, out: &mut [Piece]) {
        // SAFETY: as above.
        unsafe { (self.attend)(head, out) }
    }

    /// Layer norm, in place.
    pub(crate) fn normalise(&self, norm: &Norm, row: &mut [Piece]) {
        // SAFETY: as above.
        unsafe { (self.normalise)(norm, row) }
    }

    /// Scales a hidden row to whole numbers; gives what they are to be multiplied by.
    pub(crate) fn hidden_whole(&self, row: &[Piece], to: &mut Row<HIDDEN>) -> f32 {
        // SAFETY: as above.
        unsafe { (self.hidden_whole)(row, to) }
    }

    /// As [`Kernels::hidden_whole`], for a wide row.
    pub(crate) fn wide_whole(&self, row: &[Piece], to: &mut Row<WIDE>) -> f32 {
        // SAFETY: as above.
        unsafe { (self.wide_whole)(row, to) }
    }

    pub(crate) fn dot(&self, a: &[f32; DIMENSIONS], b: &[f32; DIMENSIONS]) -> f32 {
        // SAFETY: as above.
        unsafe { (self.dot)(a, b) }
    }
}
