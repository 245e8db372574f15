//! What a seal says, and the line it is written as.

use alloc::{string::String, vec::Vec};

use super::{
    key::{Digest, SealKey, hex, unhex},
    merkle,
};
use crate::{LineError, Sequence};

/// The form of seals and ends; another one gets another number.
const VERSION: u8 = 1;

/// Bytes of each line's hash that are kept, to tell which line is wrong. The root is what proves it.
const HINT: usize = 4;

/// A closed segment of the trail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    version: u8,
    pub(super) number: u64,
    pub(super) first: Sequence,
    pub(super) last: Sequence,
    pub(super) root: Digest,
    pub(super) previous: Digest,
    pub(super) hints: Hints,
    pub(super) tag: Digest,
}

impl Seal {
    /// Its place in the chain of seals, from zero.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The segment's first event.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        self.first
    }

    /// The segment's last event.
    #[must_use]
    pub const fn last(&self) -> Sequence {
        self.last
    }

    /// How many events the segment has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hints.count()
    }

    /// The Merkle root over the segment's lines without their line feeds.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// What stands for this seal and all before it: keep it elsewhere to notice a trail that was put back.
    #[must_use]
    pub const fn tag(&self) -> Digest {
        self.tag
    }

    /// Whether the seal was made under this key and is unchanged.
    #[must_use]
    pub fn is_genuine(&self, key: &SealKey) -> bool {
        self.version == VERSION && key.is_tag(&self.signed().each(), &self.tag)
    }

    /// Closes a segment.
    pub(super) fn make(key: &SealKey, chain: &Chain, first: Sequence, last: Sequence, leaves: &[Digest]) -> Self {
        let mut seal = Self {
            version: VERSION,
            number: chain.number,
            first,
            last,
            root: merkle::root(leaves),
            previous: chain.previous,
            hints: Hints::of(leaves),
            tag: Digest::default(),
        };
        seal.tag = key.tag(&seal.signed().each());
        seal
    }

    /// The line of an export, its line feed included.
    pub(super) fn to_line(&self) -> Result<String, LineError> {
        write(&Statement::Seal(self.clone()))
    }

    fn signed(&self) -> Signed<'_> {
        let [first, last] = [self.first, self.last].map(|sequence| sequence.number().to_be_bytes());
        let numbers = [self.number.to_be_bytes(), first, last, self.hints.length()].concat();
        Signed {
            domain: b"service-accounts trail seal 1\n",
            numbers,
            digests: [self.root, self.previous],
            hints: &self.hints.0,
        }
    }
}

/// The end of an export: what it must hold, and a seal over what is not sealed yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    version: u8,
    pub(super) first_seal: u64,
    pub(super) seals: u64,
    pub(super) events: u64,
    pub(super) root: Digest,
    pub(super) previous: Digest,
    pub(super) hints: Hints,
    tag: Digest,
}

impl End {
    pub(super) fn is_genuine(&self, key: &SealKey) -> bool {
        self.version == VERSION && key.is_tag(&self.signed().each(), &self.tag)
    }

    pub(super) fn make(key: &SealKey, first_seal: u64, chain: &Chain, events: u64, leaves: &[Digest]) -> Self {
        let mut end = Self {
            version: VERSION,
            first_seal,
            seals: chain.number.saturating_sub(first_seal),
            events,
            root: merkle::root(leaves),
            previous: chain.previous,
            hints: Hints::of(leaves),
            tag: Digest::default(),
        };
        end.tag = key.tag(&end.signed().each());
        end
    }

    pub(super) fn to_line(&self) -> Result<String, LineError> {
        write(&Statement::End(self.clone()))
    }

    fn signed(&self) -> Signed<'_> {
        let numbers = [self.first_seal, self.seals, self.events].map(u64::to_be_bytes);
        let numbers = [numbers.as_flattened(), &self.hints.length()].concat();
        Signed {
            domain: b"service-accounts trail end 1\n",
            numbers,
            digests: [self.root, self.previous],
            hints: &self.hints.0,
        }
    }
}

/// Where the next seal stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chain {
    pub(super) number: u64,
    pub(super) previous: Digest,
}

impl Chain {
    pub(super) const fn after(seal: &Seal) -> Self {
        Self { number: seal.number.saturating_add(1), previous: seal.tag }
    }
}

/// A line of an export that is no event.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Statement {
    Seal(Seal),
    End(End),
}

impl Statement {
    /// Reads a line without its line feed; a statement has one text only.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let statement: Self = serde_json::from_slice(line).ok()?;
        let text = write(&statement).ok()?;
        (text.as_bytes().strip_suffix(b"\n") == Some(line)).then_some(statement)
    }
}

fn write(statement: &Statement) -> Result<String, LineError> {
    let mut line = serde_json::to_string(statement).map_err(|_| LineError::Write)?;
    line.push('\n');
    Ok(line)
}

/// The beginnings of the lines' hashes, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hints(Vec<u8>);

impl Hints {
    fn of(leaves: &[Digest]) -> Self {
        Self(leaves.iter().flat_map(hint).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len() / HINT
    }

    pub(super) fn each(&self) -> &[[u8; HINT]] {
        self.0.as_chunks().0
    }

    fn length(&self) -> [u8; 8] {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX).to_be_bytes()
    }
}

pub(super) fn hint(leaf: &Digest) -> [u8; HINT] {
    let [a, b, c, d, ..] = leaf.0;
    [a, b, c, d]
}

impl serde::Serialize for Hints {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Hints {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = unhex(&text).filter(|bytes| bytes.len() % HINT == 0);
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected eight hexadecimal digits for each event"))
    }
}

/// What a tag covers: every field, each of a fixed length or with its length before it.
struct Signed<'a> {
    domain: &'static [u8],
    numbers: Vec<u8>,
    digests: [Digest; 2],
    hints: &'a [u8],
}

impl Signed<'_> {
    fn each(&self) -> [&[u8]; 5] {
        let [root, previous] = &self.digests;
        [self.domain, &self.numbers, &root.0, &previous.0, self.hints]
    }
}
