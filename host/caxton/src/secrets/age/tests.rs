//! The format from outside: what was written is read, and nothing that was changed.

use super::*;

fn identity() -> Identity {
    Identity::generate().unwrap()
}

#[test]
fn texts_of_every_length_are_read_again() {
    let me = identity();
    for length in [
        0,
        1,
        47,
        48,
        49,
        (64 << 10) - 1,
        64 << 10,
        (64 << 10) + 1,
        128 << 10,
    ] {
        let text: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let file = encrypt(&text, &[me.recipient()]).unwrap();
        assert_eq!(
            *decrypt(file.as_bytes(), &[identity(), me.copy()]).unwrap(),
            text
        );
        let windows = file.replace('\n', "\r\n");
        assert_eq!(*decrypt(windows.as_bytes(), &[me.copy()]).unwrap(), text);
    }
}

#[test]
fn no_changed_byte_goes_unnoticed() {
    let me = identity();
    let armored = encrypt(b"hunter2", &[me.recipient()]).unwrap();
    let file = armor::read(armored.as_bytes()).unwrap().unwrap();
    assert!(decrypt(&file, &[me.copy()]).is_ok());
    for at in 0..file.len() {
        for bit in [1, 0x80] {
            let mut changed = file.clone();
            changed[at] ^= bit;
            assert!(decrypt(&changed, &[me.copy()]).is_err(), "byte {at}");
        }
        assert!(decrypt(&file[..at], &[me.copy()]).is_err(), "{at} bytes");
    }
    for changed in [
        armored.replacen('\n', "", 1),
        armored.replacen("\n", "\n\n", 1),
        armored.replace("-----END AGE ENCRYPTED FILE-----\n", ""),
        armored.clone() + "more",
        armored.replacen("\n", "\n ", 1),
    ] {
        assert!(
            decrypt(changed.as_bytes(), &[me.copy()]).is_err(),
            "{changed}"
        );
    }
}

#[test]
fn keys_are_read_as_they_are_written() {
    let me = identity();
    let text = me.reveal();
    assert!(text.starts_with("AGE-SECRET-KEY-1"));
    assert_eq!(
        text.parse::<Identity>().unwrap().recipient(),
        me.recipient()
    );
    let public = me.recipient().to_string();
    assert_eq!(public.parse::<Recipient>().unwrap(), me.recipient());
    assert!(!format!("{me:?}").contains(&text[20..]));
    assert!(public.parse::<Identity>().is_err() && text.parse::<Recipient>().is_err());
    assert!(text.to_lowercase().parse::<Identity>().is_err());
}

impl Identity {
    fn copy(&self) -> Self {
        self.reveal().parse().unwrap()
    }
}
