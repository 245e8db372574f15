//! Merkle trees as RFC 6962 §2.1 builds them.
//!
//! Leaves and inner nodes are hashed with different first bytes, so that no line of a file can pass for a node.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::key::Digest;

pub(super) fn leaf(line: &[u8]) -> Digest {
    Digest(Sha256::new().chain_update([0]).chain_update(line).finalize().into())
}

pub(super) fn root(leaves: &[Digest]) -> Digest {
    let mut level = leaves.to_vec();
    if level.is_empty() {
        return Digest(Sha256::digest([]).into());
    }
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or_default()
}

/// The siblings on the way from a leaf to the root, lowest first.
pub(super) fn path(leaves: &[Digest], mut index: usize) -> Vec<Digest> {
    let mut level = leaves.to_vec();
    let mut path = Vec::new();
    while level.len() > 1 {
        path.extend(level.get(index ^ 1));
        level = above(&level);
        index /= 2;
    }
    path
}

/// The root that a path leads to, if it has the right length.
pub(super) fn root_by(path: &[Digest], leaf: Digest, mut index: u32, mut count: u32) -> Option<Digest> {
    let mut siblings = path.iter();
    let mut node = leaf;
    if index >= count {
        return None;
    }
    while count > 1 {
        if index % 2 == 1 {
            node = inner(siblings.next()?, &node);
        } else if index + 1 < count {
            node = inner(&node, siblings.next()?);
        }
        index /= 2;
        count = count.div_ceil(2);
    }
    siblings.next().is_none().then_some(node)
}

/// The level above: pairs are joined, and a last one without a sibling goes up as it is.
fn above(level: &[Digest]) -> Vec<Digest> {
    let (pairs, last) = level.as_chunks::<2>();
    pairs.iter().map(|[left, right]| inner(left, right)).chain(last.iter().copied()).collect()
}

fn inner(left: &Digest, right: &Digest) -> Digest {
    Digest(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::key::{hex, unhex};
    use super::*;

    /// The leaves and roots of the test data of Certificate Transparency's reference implementation.
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let leaves: Vec<_> = inputs.iter().map(|input| leaf(&unhex(input).unwrap())).collect();
        for (count, expected) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex(&root(&leaves[..count]).0), expected, "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_has_a_path_to_the_root_and_only_from_its_own_place() {
        for count in 1..=20_u32 {
            let leaves: Vec<_> = (0..count).map(|number| leaf(&number.to_be_bytes())).collect();
            let root = root(&leaves);
            for index in 0..count {
                let path = path(&leaves, usize::try_from(index).unwrap());
                let leaf = leaves[usize::try_from(index).unwrap()];
                assert_eq!(root_by(&path, leaf, index, count), Some(root));
                for other in (0..count + 2).filter(|other| *other != index) {
                    assert_ne!(root_by(&path, leaf, other, count), Some(root), "{index} as {other} of {count}");
                }
                let longer = [path, vec![leaf]].concat();
                assert_eq!(root_by(&longer, leaf, index, count), None);
            }
        }
    }
}
