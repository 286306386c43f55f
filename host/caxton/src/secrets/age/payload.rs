//! The payload: chunks of 64 KiB, each sealed with its number and with whether it is the last (STREAM, of Hoang, Reyhanitabar,
//! Rogaway and Vizár, 2015).

use ring::aead::{Aad, Nonce};
use zeroize::Zeroizing;

use super::header::cipher;
use super::{Error, FileKey, derive};

const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
const NONCE: usize = 16;

/// Seals `text`.
pub(super) fn seal(key: &FileKey, text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = vec![0; NONCE];
    getrandom::fill(&mut out)?;
    let cipher = cipher(&derive(&**key, &out, b"payload")?)?;
    let mut rest = text;
    for number in 0.. {
        let (chunk, more) = rest.split_at(rest.len().min(CHUNK));
        // Sealed where it is, so that the text is copied nowhere else.
        let at = out.len();
        out.extend_from_slice(chunk);
        let tag = cipher
            .seal_in_place_separate_tag(
                nonce(number, more.is_empty()),
                Aad::empty(),
                &mut out[at..],
            )
            .map_err(|_| Error::Damaged("it can't be sealed"))?;
        out.extend_from_slice(tag.as_ref());
        if more.is_empty() {
            break;
        }
        rest = more;
    }
    Ok(out)
}

/// Opens what [`seal`] sealed.
pub(super) fn open(key: &FileKey, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    const CUT: Error = Error::Damaged("it is not whole");
    let (salt, mut rest) = payload.split_at_checked(NONCE).ok_or(CUT)?;
    let cipher = cipher(&derive(&**key, salt, b"payload")?)?;
    let mut out = Zeroizing::new(Vec::with_capacity(rest.len()));
    for number in 0.. {
        let (chunk, more) = rest.split_at(rest.len().min(CHUNK + TAG));
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let text = cipher
            .open_in_place(nonce(number, more.is_empty()), Aad::empty(), &mut chunk)
            .map_err(|_| Error::Damaged("it was changed, or is not whole"))?;
        // Only a text that is empty has an empty chunk.
        if text.is_empty() && number > 0 {
            return Err(CUT);
        }
        out.extend_from_slice(text);
        if more.is_empty() {
            break;
        }
        rest = more;
    }
    Ok(out)
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}
