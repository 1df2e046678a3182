//! Name look-up that gives public addresses only.
//!
//! A granted name says nothing of the address behind it: whoever owns the name could let it point
//! into the host's own network (DNS rebinding). An address that is to be reached inside is granted
//! as an address, or as `localhost`.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// The resolver of the system, without the addresses that are not public.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PublicOnly;

/// All addresses of a name are private.
#[derive(Debug)]
pub(crate) struct Prohibited;

impl std::fmt::Display for Prohibited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads to a private address")
    }
}

impl std::error::Error for Prohibited {}

impl Service<Name> for PublicOnly {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let local = name.as_str().eq_ignore_ascii_case("localhost");
            let public: Vec<SocketAddr> = found.into_iter().filter(|found| local || is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, Prohibited));
            }
            Ok(public.into_iter())
        })
    }
}

/// Whether an address is one of the public internet, by IANA's special-purpose registries.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let protocol = (a, b, c) == (192, 0, 0); // RFC 6890
    let relay = (a, b, c) == (192, 88, 99); // RFC 7526
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let benchmark = a == 198 && (b == 18 || b == 19); // RFC 2544
    let reserved = a == 0 || a >= 224; // RFC 1122, multicast and class E
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || protocol
        || relay
        || shared
        || benchmark
        || reserved)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out. In it, 2001::/23 is for protocols, Teredo among them, 2001:db8::/32
    // and 3fff::/20 for documentation, and 2002::/16 holds any IPv4 address there is (6to4).
    let [first, second, ..] = ip.segments();
    let protocol = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    let documentation = first == 0x3fff && second < 0x1000;
    first & 0xe000 == 0x2000 && !protocol && !documentation && first != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_prohibited_and_localhost_is_not() {
        let look_up = |name: &str| PublicOnly.call(name.parse().unwrap());
        // An address is a name that leads to itself.
        let error = look_up("127.0.0.1").await.unwrap_err();
        assert!(error.get_ref().is_some_and(|inner| inner.is::<Prohibited>()), "{error}");
        assert!(look_up("localhost").await.is_ok());
    }

    #[test]
    fn only_addresses_of_the_public_internet_pass() {
        for public in ["104.192.136.1", "8.8.8.8", "2401:1d80::1", "100.63.0.1", "172.32.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2001::1",
            "192.0.0.8",
            "3fff::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
