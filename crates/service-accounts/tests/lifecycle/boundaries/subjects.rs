//! What has a date, and the date.

use service_accounts::{AccountUpdate, Expiry, Narrowing, RotateToken, lifecycle::Overlap};
use time::{Duration, UtcDateTime};

use crate::world::{Holder, OFFICE, World, ada, by_key, wait};

/// A token of a year, and a date so many days from now.
pub(super) fn token(world: &World, days: i64) -> (Holder, UtcDateTime) {
    (world.holder("Pipeline Automation"), world.now() + Duration::days(days))
}

/// A token that was used after so many days, and the idle limit since then.
pub(super) fn used_after(world: &World, days: i64) -> (Holder, UtcDateTime) {
    let (on, _) = token(world, 0);
    world.advance(Duration::days(days));
    world.verdict(&on.text).unwrap();
    (on, world.now() + Duration::days(90))
}

pub(super) fn revoked(world: &World) -> (Holder, UtcDateTime) {
    let (on, end) = token(world, 7);
    on.revoke(world);
    (on, end)
}

pub(super) fn rotated(world: &World, overlap: Option<Overlap>, days: i64) -> (Holder, UtcDateTime) {
    let (on, _) = token(world, 0);
    on.rotate(world, &RotateToken { overlap, ..by_key("k") }).unwrap();
    (on, world.now() + Duration::days(days))
}

pub(super) fn ending_account(world: &World) -> (Holder, UtcDateTime) {
    let (on, end) = token(world, 20);
    let update = AccountUpdate { expires_at: Some(Expiry::At(end)), ..AccountUpdate::default() };
    wait(world.accounts.acting(&ada()).account(&on.account).update(update)).unwrap();
    (on, end)
}

/// The same with a new client secret of the account in place of the token.
pub(super) fn with_secret(world: &World, of: fn(&World) -> (Holder, UtcDateTime)) -> (Holder, UtcDateTime) {
    let (on, at) = of(world);
    let text = wait(world.accounts.acting(&ada()).account(&on.account).regenerate_secret()).unwrap().secret;
    (Holder { token: text.id(), text: text.expose().into(), ..on }, at)
}

pub(super) fn session(world: &World) -> (Holder, UtcDateTime) {
    session_of(world, Narrowing::default())
}

pub(super) fn session_of(world: &World, narrowing: Narrowing) -> (Holder, UtcDateTime) {
    let (on, _) = with_secret(world, |world| token(world, 0));
    let opened = wait(world.accounts.open_session(on.account.as_str(), &on.text, &narrowing, Some(OFFICE))).unwrap();
    let lifetime = narrowing.lifetime.unwrap_or(Duration::hours(24));
    let on = Holder { token: opened.token.id, text: opened.secret.expose().into(), ..on };
    (on, world.now() + lifetime)
}
