//! The table of the tokens' vectors, `[30522, 384]`: half of the model's file, of which a text needs a few rows. It stays
//! where it is, in the program or in a mapped file, in the precision that it has there.

use std::ops::Range;

use crate::DIMENSIONS;
use crate::half;
use crate::source::Contents;

/// The table.
pub(crate) struct Words {
    file: Contents,
    place: Range<usize>,
    half: bool,
}

impl Words {
    /// The table at `place` in `file`, in single or half precision, little-endian.
    pub(crate) fn new(file: Contents, place: Range<usize>, half: bool) -> Self {
        Words { file, place, half }
    }

    /// Writes a token's vector, or zeros where there is none.
    pub(crate) fn read(&self, id: u32, to: &mut [f32]) {
        let bytes = self.file.get(self.place.clone()).unwrap_or_default();
        let size = if self.half { 2 } else { 4 } * DIMENSIONS;
        let row = bytes.chunks_exact(size).nth(id as usize);
        let Some(row) = row else {
            to.fill(0.);
            return;
        };
        if self.half {
            for (to, from) in to.iter_mut().zip(row.as_chunks().0) {
                *to = half::to_single(u16::from_le_bytes(*from));
            }
        } else {
            for (to, from) in to.iter_mut().zip(row.as_chunks().0) {
                *to = f32::from_le_bytes(*from);
            }
        }
    }
}
