//! Names to addresses, and which addresses may be connected to. The check is made by the resolver that the connection
//! itself uses, so nothing can change between the check and the connection; a name that resolves to something private
//! gets no further than one that does not exist.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The addresses of a name, when they are known.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How names become addresses, with a word to say before a connection is tried. Whatever it answers is still checked.
pub trait Network: Send + Sync + 'static {
    /// Gives the addresses of `name`.
    fn lookup(&self, name: &str) -> Lookup;

    /// Is told of the addresses that a connection is about to be tried to, after the check.
    ///
    /// # Errors
    /// Any error stops the connection.
    fn connecting(&self, _host: &str, _addresses: &[IpAddr]) -> io::Result<()> {
        Ok(())
    }
}

/// The network as the operating system sees it.
pub(super) struct System;

impl Network for System {
    fn lookup(&self, name: &str) -> Lookup {
        let name = name.to_owned();
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0))
                .await?
                .map(|address| address.ip())
                .collect())
        })
    }
}

/// What a grant allows of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Addresses on the public internet.
    Public,
    /// Private ones too, but not those that hand out credentials.
    Private,
    /// The very address that the grant names.
    Named,
}

impl Reach {
    /// Says what is wrong with `address`, if something is.
    pub(super) fn refusal(self, address: IpAddr) -> Option<&'static str> {
        match self {
            Self::Named => None,
            Self::Private => is_metadata(address).then_some(METADATA),
            Self::Public if is_metadata(address) => Some(METADATA),
            Self::Public => not_public(address),
        }
    }
}

/// The resolver of one of the clients: it gives only addresses that its reach allows.
pub(super) struct Checked {
    pub(super) network: Arc<dyn Network>,
    pub(super) reach: Reach,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (network, reach) = (self.network.clone(), self.reach);
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = network.lookup(&host).await.map_err(|error| Unresolved {
                reason: error.to_string(),
            })?;
            let mut allowed = Vec::new();
            let mut refused = None;
            for address in found {
                match reach.refusal(address) {
                    None => allowed.push(address),
                    Some(kind) => refused = Some(AddressRefused { address, kind }),
                }
            }
            match refused {
                Some(refused) if allowed.is_empty() => return Err(refused.into()),
                Some(refused) => {
                    tracing::warn!(host, %refused, "an answer for this name is left out");
                }
                None if allowed.is_empty() => {
                    return Err(Unresolved {
                        reason: "it has no address".to_owned(),
                    }
                    .into());
                }
                None => {}
            }
            network.connecting(&host, &allowed)?;
            let addresses: Addrs = Box::new(
                allowed
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0)),
            );
            Ok(addresses)
        })
    }
}

/// A name stands for an address that may not be connected to.
#[derive(Clone, Debug)]
pub(super) struct AddressRefused {
    pub(super) address: IpAddr,
    pub(super) kind: &'static str,
}

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.address, self.kind)
    }
}

impl std::error::Error for AddressRefused {}

/// A name stands for nothing.
#[derive(Clone, Debug)]
pub(super) struct Unresolved {
    pub(super) reason: String,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unresolved {}

const METADATA: &str = "an address at which clouds hand out credentials";

/// Addresses of the metadata services of the large clouds. Some are link-local, some look public.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => METADATA_V4.contains(&v4),
        IpAddr::V6(v6) => {
            METADATA_V6.contains(&v6) || embedded(v6).is_some_and(|v4| METADATA_V4.contains(&v4))
        }
    }
}

/// Says why `address` is not one of the public internet's, after the registries of IANA (RFC 6890 and its updates).
fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    let kind = match address.octets() {
        [0, ..] => "an unspecified address",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address",
        [100, 64..=127, ..] => "an address shared behind a carrier's translator",
        [127, ..] => "a loopback address",
        [169, 254, ..] => "a link-local address",
        [192, 0, 0, _] => "an address reserved for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "an address for documentation",
        [192, 88, 99, _] => "an address of 6to4 relays",
        [198, 18..=19, ..] => "an address for benchmarks",
        [224..=239, ..] => "a multicast address",
        [255, 255, 255, 255] => "the broadcast address",
        [240..=255, ..] => "a reserved address",
        _ => return None,
    };
    Some(kind)
}

/// Of IPv6 only 2000::/3 is public, and not all of it: what is not known to be public is refused.
fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    let kind = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "the unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "the loopback address",
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            return embedded(address).and_then(not_public_v4);
        }
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => "an IPv4 address in IPv6 form",
        [0x64, 0xff9b, 1, ..] => "an address of a local translator",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xfec0..=0xfeff, ..] => "a site-local address",
        [0xfc00..=0xfdff, ..] => "a private address",
        [0xff00..=0xffff, ..] => "a multicast address",
        [0x2001, 0, ..] => "an address of a Teredo tunnel",
        [0x2001, 2, 0, ..] => "an address for benchmarks",
        [0x2001, ..=0x1ff, ..] => "an address reserved for protocols",
        [0x2001, 0xdb8, ..] | [0x3fff, ..=0xfff, ..] => "an address for documentation",
        [0x2002, ..] => "an address of a 6to4 tunnel",
        // ISATAP puts an IPv4 address behind any prefix.
        [.., 0 | 0x200, 0x5efe, _, _] => "an address of an ISATAP tunnel",
        [0x2000..=0x3fff, ..] => return None,
        _ => "a reserved address",
    };
    Some(kind)
}

/// The IPv4 address within an IPv6 address, where the form says that there is one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 1, _, _, _, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        // Teredo hides the client's address by inverting it.
        [0x2001, 0, .., high, low] => Some(join(!high, !low)),
        [.., 0 | 0x200, 0x5efe, high, low] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let check = |address: &str, public: bool| {
            let parsed: IpAddr = address.parse().unwrap_or_else(|e| panic!("{address}: {e}"));
            assert_eq!(Reach::Public.refusal(parsed).is_none(), public, "{address}");
        };
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.167.1.1",
            "198.17.0.1",
            "223.255.255.255",
        ] {
            check(public, true);
            check(&format!("::ffff:{public}"), true);
            check(&format!("64:ff9b::{public}"), true);
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
        ] {
            check(private, false);
            for form in [
                "::ffff:",
                "::",
                "64:ff9b::",
                "64:ff9b:1::",
                "::ffff:0:",
                "2606:4700:0:0:0:5efe:",
            ] {
                check(&format!("{form}{private}"), false);
            }
        }
        for public in ["2606:4700:4700::1111", "2a00:1450:4001::1", "2400:cb00::1"] {
            check(public, true);
        }
        for private in [
            "::",
            "::1",
            "::1.2.3.4",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "4000::1",
            "64:ff9b:1::1",
        ] {
            check(private, false);
        }
    }

    #[test]
    fn a_private_grant_does_not_reach_credentials() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
        ] {
            let address: IpAddr = address.parse().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(Reach::Private.refusal(address), Some(METADATA), "{address}");
            assert_eq!(Reach::Named.refusal(address), None, "{address}");
        }
        for address in ["127.0.0.1", "10.0.0.1", "fe80::1", "fd12::1"] {
            assert_eq!(
                Reach::Private.refusal(address.parse().unwrap_or_else(|e| panic!("{e}"))),
                None,
                "{address}"
            );
        }
    }
}
