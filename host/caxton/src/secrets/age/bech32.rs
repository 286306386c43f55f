//! Bech32, in which keys are written: letters and digits that can't be taken for others, and a checksum. After BIP 173,
//! without its limit of length.

use zeroize::Zeroizing;

const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

/// Writes `bytes` with the prefix `prefix`, in lower case.
pub(super) fn write(prefix: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut data = Zeroizing::new(Vec::with_capacity(bytes.len() * 2 + CHECKSUM));
    regroup(bytes, 8, 5, &mut data);
    let sum = checksum(prefix, &data, &[0; CHECKSUM]) ^ 1;
    data.extend((0..CHECKSUM).rev().map(|i| (sum >> (5 * i)) as u8 & 31));
    let mut out = Zeroizing::new(String::with_capacity(prefix.len() + 1 + data.len()));
    out.push_str(prefix);
    out.push('1');
    out.extend(
        data.iter()
            .map(|digit| char::from(DIGITS[usize::from(*digit)])),
    );
    out
}

/// Reads a text that [`write`] wrote with this prefix, in lower or upper case; nothing where it is none.
pub(super) fn read(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    if text != *lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let digits = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let value = |digit: u8| DIGITS.iter().position(|other| *other == digit);
    let mut data = Zeroizing::new(Vec::with_capacity(digits.len()));
    for digit in digits.bytes() {
        data.push(u8::try_from(value(digit)?).ok()?);
    }
    let (data, sum) = data.split_at_checked(data.len().checked_sub(CHECKSUM)?)?;
    if checksum(prefix, data, sum) != 1 {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
    let rest = regroup(data, 5, 8, &mut bytes);
    // What is left over only fills the last digit: less than a digit, and zeros.
    let left = data.len() * 5 % 8;
    if left >= 5 || rest != 0 {
        return None;
    }
    bytes.truncate(data.len() * 5 / 8);
    Some(bytes)
}

/// Gives groups of `from` bits as groups of `to` bits, the last filled up with zeros; returns that last group where it was.
fn regroup(groups: &[u8], from: u32, to: u32, out: &mut Vec<u8>) -> u8 {
    let (mut value, mut bits) = (0u32, 0);
    for group in groups {
        value = (value << from | u32::from(*group)) & 0xfff;
        bits += from;
        while bits >= to {
            bits -= to;
            out.push((value >> bits & ((1 << to) - 1)) as u8);
        }
    }
    if bits == 0 {
        return 0;
    }
    let last = (value << (to - bits) & ((1 << to) - 1)) as u8;
    out.push(last);
    last
}

/// The checksum of BIP 173: 1 where `sum` is right.
fn checksum(prefix: &str, data: &[u8], sum: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let values = high
        .chain([0])
        .chain(low)
        .chain(data.iter().copied())
        .chain(sum.iter().copied());
    values.fold(1, |sum: u32, value| {
        let top = sum >> 25;
        let next = (sum & 0x1ff_ffff) << 5 ^ u32::from(value);
        (0..5)
            .filter(|bit| top >> bit & 1 == 1)
            .fold(next, |sum, bit| sum ^ GENERATOR[bit])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let text = write("age", &[0, 1, 254, 255, 7]);
        assert_eq!(*read("age", &text).unwrap(), [0, 1, 254, 255, 7]);
        assert_eq!(
            *read("age", &text.to_uppercase()).unwrap(),
            [0, 1, 254, 255, 7]
        );
        for bad in [
            text.replacen('q', "p", 1),
            text.replacen('a', "A", 1),
            text.to_string() + "q",
            text[..text.len() - 1].to_owned(),
            text.replacen('1', "", 1),
            "age1".to_owned(),
            String::new(),
        ] {
            assert!(read("age", &bad).is_none(), "{bad}");
        }
        assert!(read("ag", &text).is_none());
        // BIP 173, test vectors.
        assert!(read("a", "a12uel5l").unwrap().is_empty());
        assert!(read("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw").is_some());
        assert!(read("a", "A1G7SGD8").is_none());
    }
}
