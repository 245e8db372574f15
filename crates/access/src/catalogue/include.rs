//! Roles that include roles, without cycles.

use alloc::vec;
use alloc::vec::Vec;

use crate::{Permission, PermissionSet};

/// What each role holds, given what it holds itself and the places of those it includes.
///
/// Each round resolves all whose included ones are, so as many rounds as there are roles resolve all that can be; and a
/// document that chains a thousand roles costs time but never stack.
///
/// # Errors
/// The place of a role that includes itself, directly or through others.
pub(super) fn resolve<P: Permission>(
    own: &[PermissionSet<P>],
    includes: &[Vec<usize>],
) -> Result<Vec<PermissionSet<P>>, usize> {
    let mut resolved = vec![None; own.len()];
    for _ in own {
        if waiting(&resolved).is_none() {
            break;
        }
        for (at, (own, includes)) in own.iter().zip(includes).enumerate() {
            let held = includes.iter().try_fold(*own, |all, one| Some(all.union(held(&resolved, *one)?)));
            if let Some(place) = resolved.get_mut(at) {
                *place = held;
            }
        }
    }
    match waiting(&resolved) {
        Some(first) => Err(on_cycle(first, &resolved, includes)),
        None => Ok(resolved.into_iter().flatten().collect()),
    }
}

/// The place of the first role that is not resolved.
fn waiting<T>(resolved: &[Option<T>]) -> Option<usize> {
    resolved.iter().position(Option::is_none)
}

fn held<T: Copy>(resolved: &[Option<T>], at: usize) -> Option<T> {
    resolved.get(at).copied().flatten()
}

/// Every waiting role includes a waiting one, so a walk of as many steps as there are roles ends on a cycle.
fn on_cycle<T: Copy>(first: usize, resolved: &[Option<T>], includes: &[Vec<usize>]) -> usize {
    let next = |at: usize| {
        let includes = includes.get(at).map(Vec::as_slice).unwrap_or_default();
        includes.iter().copied().find(|one| held(resolved, *one).is_none()).unwrap_or(at)
    };
    resolved.iter().fold(first, |at, _| next(at))
}
