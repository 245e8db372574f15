//! Addresses and networks against models that know nothing of ranges: bits compared one by one, and the standard library.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]
#![expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the numbers are small")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use service_accounts_access::{Allowlist, Network};

struct Dice(ChaCha8Rng);

impl Dice {
    fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    fn bits(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }

    /// An address near others: most share their leading bits, and many are zeros or ones at the end.
    fn address(&mut self) -> IpAddr {
        let random = self.bits();
        let tail = u128::MAX >> self.below(129).min(127);
        let bits = match self.below(3) {
            0 => random & !tail,
            1 => random | tail,
            _ => random,
        };
        match self.below(5) {
            0 => Ipv4Addr::from_bits(bits as u32).into(),
            1 => Ipv4Addr::from_bits(10 << 24 | bits as u32 & 0xFFFF).into(),
            2 => Ipv6Addr::from_bits(bits).into(),
            3 => Ipv6Addr::from_bits(0x2001_0db8 << 96 | bits & u128::from(u64::MAX)).into(),
            _ => Ipv4Addr::from_bits(bits as u32).to_ipv6_mapped().into(),
        }
    }

    fn network(&mut self) -> Network {
        let address = self.address().to_canonical();
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = [longest, longest - self.below(9), longest - self.below(longest + 1)][self.below(3)];
        let kept = leading_bits(address).take(prefix).chain(std::iter::repeat_n(false, longest - prefix));
        let bits = kept.fold(0_u128, |bits, bit| bits << 1 | u128::from(bit));
        let address =
            if longest == 32 { Ipv4Addr::from_bits(bits as u32).into() } else { Ipv6Addr::from_bits(bits).into() };
        Network::new(address, prefix as u8).unwrap()
    }
}

fn leading_bits(address: IpAddr) -> impl Iterator<Item = bool> {
    let octets = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    octets.into_iter().flat_map(|octet| (0..8).map(move |at| octet & 0x80 >> at != 0))
}

/// One network after the other, one bit after the other.
fn naive(list: &[Network], address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) if v6.segments()[..6] == [0, 0, 0, 0, 0, 0xFFFF] => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::from([a, b, c, d])
        }
        other => other,
    };
    list.iter().any(|network| {
        let (base, prefix) = (network.address(), network.prefix().into());
        base.is_ipv4() == address.is_ipv4() && leading_bits(base).take(prefix).eq(leading_bits(address).take(prefix))
    })
}

/// The address as it is, and all other ways to write the same one.
fn spellings(address: IpAddr) -> Vec<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            let hex = format!("::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}").parse().unwrap();
            vec![v4.into(), v4.to_ipv6_mapped().into(), hex]
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            let long = format!("{a:04X}:{b:04X}:{c:04X}:{d:04X}:{e:04X}:{f:04X}:{g:04X}:{h:04X}").parse().unwrap();
            vec![v6.into(), long]
        }
    }
}

/// The addresses on both sides of where the network starts and ends.
fn edges(network: Network) -> Vec<IpAddr> {
    match network.address() {
        IpAddr::V4(v4) => {
            let (first, size) = (v4.to_bits(), 1_u64 << (32 - network.prefix()));
            let last = first.wrapping_add((size - 1) as u32);
            [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                .map(|bits| Ipv4Addr::from_bits(bits).into())
                .into()
        }
        IpAddr::V6(v6) => {
            let first = v6.to_bits();
            let last = first | u128::MAX.checked_shr(network.prefix().into()).unwrap_or(0);
            [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
                .map(|bits| Ipv6Addr::from_bits(bits).into())
                .into()
        }
    }
}

/// Random lists asked about random addresses, the edges of their networks, and all spellings of both.
fn match_cases(seed: u64, at_least: u64) -> u64 {
    let mut dice = Dice::seeded(seed);
    let mut cases = 0;
    while cases < at_least {
        let size = [1, 2, 3, 8, 40][dice.below(5)];
        let list: Vec<_> = (0..size).map(|_| dice.network()).collect();
        let allowlist: Allowlist = list.iter().copied().collect();
        let asked = (0..20).map(|_| dice.address()).chain(list.iter().flat_map(|one| edges(*one))).collect::<Vec<_>>();
        for address in asked {
            let expected = naive(&list, address);
            for spelling in spellings(address) {
                assert_eq!(allowlist.contains(spelling), expected, "{spelling} in {allowlist}");
                cases += 1;
            }
        }
    }
    cases
}

/// Texts that are addresses or nearly, against the standard library; then with prefixes, against plain arithmetic.
fn parse_cases(seed: u64, at_least: u64) -> u64 {
    let mut dice = Dice::seeded(seed);
    let mut cases = 0;
    while cases < at_least {
        let mut text = dice.address().to_string();
        for _ in 0..dice.below(3) {
            spoil(&mut dice, &mut text);
        }
        let read = Network::parse(&text);
        let address = text.parse::<IpAddr>();
        if !text.contains('/') {
            assert_eq!(read.ok(), address.clone().ok().map(Network::from), "{text}");
        }
        let prefix = dice.below(140);
        let written = [prefix.to_string(), format!("0{prefix}"), format!("+{prefix}"), format!("{prefix} ")]
            [dice.below(40).min(3)]
        .clone();
        assert_eq!(Network::parse(&format!("{text}/{written}")).ok(), reference(&text, &written), "{text}/{written}");
        cases += 2;
    }
    cases
}

fn spoil(dice: &mut Dice, text: &mut String) {
    let at = dice.below(text.len() + 1);
    let character = "0123456789abcdefABCDEF.:/% +-xg[]".chars().nth(dice.below(33)).unwrap();
    if dice.below(2) == 0 && at < text.len() {
        text.remove(at);
    } else {
        text.insert(at, character);
    }
}

/// What a network is, in one breath: a standard address, a plain number, no bits beyond, no mapped prefix below 96.
fn reference(address: &str, prefix: &str) -> Option<Network> {
    let parsed: IpAddr = address.parse().ok()?;
    let number: usize = prefix.parse().ok()?;
    let longest = if parsed.is_ipv4() { 32 } else { 128 };
    let is_mapped = parsed.is_ipv6() && parsed.to_canonical().is_ipv4();
    let is_plain = prefix == number.to_string();
    let is_clean = number <= longest && leading_bits(parsed).skip(number).all(|bit| !bit);
    if !is_plain || !is_clean || is_mapped && number < 96 {
        return None;
    }
    Network::new(parsed.to_canonical(), if is_mapped { number - 96 } else { number } as u8).ok()
}

#[test]
fn addresses_and_networks_are_read_as_the_references_read_them() {
    parse_cases(1, 100_000);
}

#[test]
fn a_list_admits_what_a_comparison_bit_by_bit_admits_in_every_spelling() {
    match_cases(2, 100_000);
}

#[test]
#[ignore = "by hand: cargo test --release --test networks -- --ignored --nocapture"]
fn ten_million_networks_are_read_as_the_references_read_them() {
    println!("{} cases", parse_cases(3, 10_000_000));
}

#[test]
#[ignore = "by hand: cargo test --release --test networks -- --ignored --nocapture"]
fn a_list_admits_ten_million_times_what_a_comparison_bit_by_bit_admits() {
    println!("{} cases", match_cases(4, 10_000_000));
}

#[test]
fn a_list_of_many_networks_admits_what_each_of_them_does() {
    let mut dice = Dice::seeded(5);
    let list: Vec<_> = (0..5_000).map(|_| dice.network()).filter(|one| one.prefix() > 12).collect();
    let allowlist: Allowlist = list.iter().copied().collect();
    for _ in 0..200 {
        let address = dice.address();
        assert_eq!(allowlist.contains(address), naive(&list, address), "{address}");
    }
    for network in &list {
        assert!(edges(*network)[1..3].iter().all(|edge| allowlist.contains(*edge)), "{network}");
    }
}

#[test]
fn a_list_reads_back_as_it_was_written() {
    let mut dice = Dice::seeded(6);
    for _ in 0..2_000 {
        let size = 1 + dice.below(12);
        let allowlist: Allowlist = (0..size).map(|_| dice.network()).collect();
        let texts: Vec<_> = allowlist.networks().map(|network| network.to_string()).collect();
        let back = Allowlist::parse_all(texts.iter().map(String::as_str)).unwrap();
        assert_eq!(back, allowlist);
        assert!(back.networks().eq(allowlist.networks()));
    }
}

/// The 16 addresses of a universe small enough to try everything in, at either end of the address space or within.
fn universe(at: usize) -> [IpAddr; 16] {
    let base = [0, 0x0A00_0010, u32::MAX - 15][at];
    std::array::from_fn(|low| Ipv4Addr::from_bits(base + low as u32).into())
}

/// All 31 networks of the universe.
fn small_networks(at: usize) -> Vec<Network> {
    universe(at)
        .into_iter()
        .flat_map(|address| (28..=32).filter_map(move |prefix| Network::new(address, prefix).ok()))
        .collect()
}

#[test]
fn every_small_list_is_merged_into_the_fewest_networks() {
    for place in 0..3 {
        let (addresses, networks) = (universe(place), small_networks(place));
        for chosen in (1_u32..1 << 16).step_by([1, 7, 7][place]) {
            let seen = (0..16).filter(|at| chosen >> at & 1 == 1).map(|at| Network::from(addresses[at]));
            let list: Allowlist = seen.collect();
            let admitted =
                |network: &Network| addresses.iter().all(|one| !network.contains(*one) || list.contains(*one));
            // A network is needed whole if the list admits it and not the one around it.
            let needed = networks.iter().filter(|one| admitted(one)).filter(|one| {
                let around =
                    networks.iter().find(|other| other.prefix() + 1 == one.prefix() && other.contains(one.address()));
                around.is_none_or(|around| !admitted(around))
            });
            assert!(list.networks().eq(needed.copied()), "{list}");
        }
    }
}

#[test]
fn a_list_is_within_another_exactly_if_every_address_is() {
    let mut dice = Dice::seeded(7);
    for place in 0..3 {
        let (addresses, networks) = (universe(place), small_networks(place));
        for _ in 0..4_000 {
            let mut some = || -> Allowlist { (0..1 + dice.below(5)).map(|_| networks[dice.below(31)]).collect() };
            let (inner, outer) = (some(), some());
            let every = addresses.iter().all(|one| !inner.contains(*one) || outer.contains(*one));
            assert_eq!(inner.is_subset_of(&outer), every, "{inner} within {outer}");
        }
    }
}

#[test]
fn the_list_learnt_is_the_narrowest_of_all_that_would_do() {
    let mut dice = Dice::seeded(8);
    for round in 0..45 {
        let (addresses, networks) = (universe(round % 3), small_networks(round % 3));
        let seen: Vec<_> = (0..1 + dice.below(7)).map(|_| addresses[dice.below(16)]).collect();
        let admitted = |list: &Allowlist| addresses.iter().filter(|one| list.contains(**one)).count();
        for at_most in 1..=3 {
            let learnt = Allowlist::learn(seen.iter().copied(), at_most).unwrap();
            assert!(seen.iter().all(|one| learnt.contains(*one)) && learnt.networks().count() <= at_most, "{learnt}");
            let choices = (0..31_usize.pow(at_most as u32)).map(|choice| -> Allowlist {
                (0..at_most).map(|at| networks[choice / 31_usize.pow(at as u32) % 31]).collect()
            });
            // Three of 31 is too many to try every time; what is tried must not be narrower.
            let tried = choices.step_by(if at_most == 3 { 37 } else { 1 });
            let enough = tried.filter(|list| seen.iter().all(|one| list.contains(*one)));
            let best = enough.map(|list| admitted(&list)).min();
            assert!(best.is_none_or(|best| admitted(&learnt) <= best), "{learnt} for {seen:?}");
            assert!(at_most == 3 || best == Some(admitted(&learnt)), "{learnt} for {seen:?}");
        }
    }
}
