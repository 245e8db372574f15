//! Detectors: what in the trail a person should look at.
//!
//! A [`Watch`] reads events in their order and raises [`Alert`]s. It never refuses anything: a good credential is never locked
//! out because somebody else behaves badly. It reads no clock and keeps bounded memory, whoever makes up ids. With the feature
//! `serde` its [`State`] can be kept, so that a restart forgets nothing.
//!
//! | alert | raised when |
//! |---|---|
//! | [`FailuresFromSource`](AlertKind::FailuresFromSource) | one network is refused often within a few minutes |
//! | [`FailuresOfAccount`](AlertKind::FailuresOfAccount) | one account, or who claims to be it, is refused often |
//! | [`UnfamiliarNetwork`](AlertKind::UnfamiliarNetwork) | an account with a history is used from a network it never used |
//! | [`SuddenUse`](AlertKind::SuddenUse) | an account is used many times more in an hour than in any hour of its last week |
//! | [`DormantUse`](AlertKind::DormantUse) | a token is used after far longer than it ever was idle |
//! | [`RevokedUse`](AlertKind::RevokedUse) | a revoked token is presented with its right secret |
//! | [`PolicyChange`](AlertKind::PolicyChange) | a policy, the catalogue or a pepper is changed by somebody who never did |
//!
//! ```
//! use service_accounts_audit::{Action, Event, Label, Recorded, Sequence};
//! use service_accounts_audit::detect::{AlertKind, Settings, Watch};
//! use time::UtcDateTime;
//!
//! let mut watch = Watch::new(Settings::default());
//! let event = Event::new(Action::AccessDenied, Label::new("reporting@service"), UtcDateTime::UNIX_EPOCH)
//!     .about_account(Label::new("reporting@service"))
//!     .about_token(Label::new("0123456789abcdef"))
//!     .because(Label::new("revoked"));
//! let alerts = watch.see(&Recorded { sequence: Sequence::new(1), event });
//! assert_eq!(alerts[0].kind, AlertKind::RevokedUse);
//! ```
//!
//! What they do not do: they know nothing that the trail does not hold. Where access events are off, only policy changes are
//! seen.

mod alert;
mod bounded;
mod habits;
mod rate;
mod settings;
mod state;

use alloc::{string::ToString, vec::Vec};

use crate::{Action, Event, Label, Recorded, Sequence, Source};

pub use alert::{Alert, AlertKind};
use habits::{Habits, Seen};
use rate::Rate;
pub use settings::Settings;
pub use state::State;

/// The reason of refusals whose credential was good before it was revoked.
const REVOKED: &str = "revoked";

/// Reads the trail, oldest first, and raises alerts.
#[derive(Clone, Debug)]
pub struct Watch {
    settings: Settings,
    state: State,
}

impl Watch {
    /// A watch that knows nothing yet. For the time of [`Settings::learning`] it takes what it sees as usual.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: State::default() }
    }

    /// A watch that goes on from a kept state.
    #[must_use]
    pub const fn resume(settings: Settings, state: State) -> Self {
        Self { settings, state }
    }

    /// What the watch knows; the same state and the same events give the same alerts.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Forgets accounts, tokens, networks and alerts until so many of each are left, those seen longest ago first, where
    /// the [`state`](Self::state) takes too much room.
    pub fn forget_down_to(&mut self, most: usize) {
        self.settings.most_subjects = self.settings.most_subjects.min(most.max(1));
        self.state.forget_down_to(most);
    }

    /// The last event seen: where to go on reading.
    #[must_use]
    pub const fn cursor(&self) -> Option<Sequence> {
        self.state.cursor
    }

    /// Looks at the next event. One that is not newer than the [`cursor`](Self::cursor) was seen before and is passed over.
    pub fn see(&mut self, recorded: &Recorded) -> Vec<Alert> {
        if self.state.cursor.is_some_and(|cursor| recorded.sequence <= cursor) {
            return Vec::new();
        }
        self.state.cursor = Some(recorded.sequence);
        self.state.begin(recorded.event.at());
        let alerts = match recorded.event.action() {
            Action::AccessGranted => self.granted(recorded),
            Action::AccessDenied if is_revoked(&recorded.event) => Vec::from_iter(self.revoked(recorded)),
            Action::AccessDenied | Action::PermissionDenied => self.refused(recorded),
            Action::TokenMinted => self.minted(&recorded.event),
            action if changes_rules(action) => Vec::from_iter(self.rules_changed(recorded)),
            _ => Vec::new(),
        };
        alerts.into_iter().filter(|alert| self.is_news(alert)).collect()
    }

    fn granted(&mut self, recorded: &Recorded) -> Vec<Alert> {
        let event = &recorded.event;
        let mut alerts = Vec::from_iter(self.dormant(recorded));
        let Some(account) = event.account() else { return alerts };
        let most = self.settings.most_subjects;
        let habits = self.state.habits.touch(account, most, || Habits::since(event.at()));
        let Seen { is_new_network, sudden } = habits.see(recorded, &self.settings);
        if is_new_network {
            let source = Source::of(event.address()).to_string();
            alerts.push(Alert::new(AlertKind::UnfamiliarNetwork, recorded, &Label::new(&source)));
        }
        if let Some(rate) = sudden {
            alerts.push(Alert::new(AlertKind::SuddenUse, recorded, account).counting(rate));
        }
        alerts
    }

    /// Each token may be idle as long as it ever was, and half as long again.
    fn dormant(&mut self, recorded: &Recorded) -> Option<Alert> {
        let event = &recorded.event;
        let token = event.token()?;
        let now = event.last_at().unix_timestamp();
        let use_of = self.state.tokens.touch(token, self.settings.most_subjects, || state::LastUse::at(event.at()));
        use_of.go_back_to(now);
        let gap = event.at().unix_timestamp().saturating_sub(use_of.at);
        let usual = use_of.longest_gap.saturating_add(use_of.longest_gap / 2);
        use_of.at = use_of.at.max(now);
        use_of.longest_gap = use_of.longest_gap.max(gap);
        let is_dormant = gap >= self.settings.dormant.whole_seconds() && gap > usual;
        is_dormant.then(|| Alert::new(AlertKind::DormantUse, recorded, token))
    }

    fn minted(&mut self, event: &Event) -> Vec<Alert> {
        if let Some(token) = event.token() {
            self.state.tokens.touch(token, self.settings.most_subjects, || state::LastUse::at(event.at()));
        }
        Vec::new()
    }

    fn revoked(&self, recorded: &Recorded) -> Option<Alert> {
        let token = recorded.event.token()?;
        Some(Alert::new(AlertKind::RevokedUse, recorded, token))
    }

    fn refused(&mut self, recorded: &Recorded) -> Vec<Alert> {
        let event = &recorded.event;
        let network = network_of(event).filter(|_| event.action() == Action::AccessDenied);
        let account = event.account().or_else(|| event.details().get("claimed"));
        let most = self.settings.most_subjects;
        let limits = (self.settings.failure_window, self.settings.failures);
        let mut alerts = Vec::new();
        if let Some(network) = network {
            let rate = self.state.by_source.touch(&network, most, Rate::default);
            let over = rate.count(recorded, limits);
            alerts
                .extend(over.map(|rate| Alert::new(AlertKind::FailuresFromSource, recorded, &network).counting(rate)));
        }
        if let Some(account) = account {
            let rate = self.state.by_account.touch(account, most, Rate::default);
            let over = rate.count(recorded, limits);
            alerts.extend(over.map(|rate| Alert::new(AlertKind::FailuresOfAccount, recorded, account).counting(rate)));
        }
        alerts
    }

    fn rules_changed(&mut self, recorded: &Recorded) -> Option<Alert> {
        let (actor, now) = (recorded.event.actor(), recorded.event.at().unix_timestamp());
        let is_expected = if self.settings.policy_actors.is_empty() {
            let is_known = self.state.policy_actors.contains(actor);
            self.state.policy_actors.touch(actor, self.settings.most_subjects, || ());
            let began = self.state.began.unwrap_or(now);
            is_known || now.saturating_sub(began) < self.settings.learning.whole_seconds()
        } else {
            self.settings.policy_actors.contains(actor)
        };
        (!is_expected).then(|| Alert::new(AlertKind::PolicyChange, recorded, actor))
    }

    /// Whether nobody was told the same within the cooldown.
    fn is_news(&mut self, alert: &Alert) -> bool {
        let key = Label::new(&alloc::format!("{} {}", alert.kind.as_str(), alert.subject));
        let now = alert.at.unix_timestamp();
        let is_told = self
            .state
            .told
            .get(&key)
            .is_some_and(|told| now.abs_diff(*told) < self.settings.cooldown.whole_seconds().unsigned_abs());
        if !is_told {
            *self.state.told.touch(&key, self.settings.most_subjects, || now) = now;
        }
        !is_told
    }
}

fn is_revoked(event: &Event) -> bool {
    event.account().is_some() && event.reason().is_some_and(|reason| reason.as_str() == REVOKED)
}

/// The network that a refusal came from; a coalesced refusal names it without an address.
fn network_of(event: &Event) -> Option<Label> {
    let told = || event.details().get("network").cloned();
    event.address().map(|address| Label::new(&Source::of(Some(address)).to_string())).or_else(told)
}

const fn changes_rules(action: Action) -> bool {
    matches!(
        action,
        Action::PolicyCreated
            | Action::PolicyUpdated
            | Action::PolicyDeleted
            | Action::CatalogueReplaced
            | Action::PepperRetired
    )
}

#[cfg(test)]
mod tests {
    use time::{Duration, UtcDateTime};

    use super::*;

    /// The alerts about accesses of one token at these days, each so many.
    fn alerts(uses: &[(i64, u32)]) -> Vec<(i64, AlertKind)> {
        let mut watch = Watch::new(Settings::default());
        let told = (1..).zip(uses).flat_map(|(number, (day, count))| {
            let at = UtcDateTime::UNIX_EPOCH + Duration::days(*day);
            let event = Event::new(Action::AccessGranted, Label::new("a"), at).repeated(*count, at);
            let event = event.about_account(Label::new("a")).about_token(Label::new("t"));
            let told = watch.see(&Recorded { sequence: Sequence::new(number), event });
            told.into_iter().map(|alert| (*day, alert.kind)).collect::<Vec<_>>()
        });
        told.collect()
    }

    #[test]
    fn a_token_with_a_rare_rhythm_is_told_once() {
        assert_eq!(alerts(&[(0, 1), (20, 1), (40, 1), (69, 1)]), [(20, AlertKind::DormantUse)]);
        assert_eq!(alerts(&[(0, 1), (13, 1)]), []);
    }

    /// One use on the day 1000, by a clock that was set back afterwards.
    #[test]
    fn a_clock_that_ran_ahead_silences_no_detector() {
        let quiet_token = [(0, 1), (1000, 1), (1, 1), (20, 1)];
        assert_eq!(alerts(&quiet_token), [(1000, AlertKind::DormantUse), (20, AlertKind::DormantUse)]);
        let busy_account = [(1000, 1), (1, 1), (9, 300)];
        assert_eq!(alerts(&busy_account), [(9, AlertKind::SuddenUse)]);
    }

    /// The learning of who changes rules begins with the first event, and what was told once is told again.
    #[test]
    fn a_clock_that_ran_ahead_hides_no_change_of_the_rules() {
        let mut watch = Watch::new(Settings::default());
        let told = (1..).zip([1000, 0, 8]).flat_map(|(number, day)| {
            let at = UtcDateTime::UNIX_EPOCH + Duration::days(day);
            let actor = Label::new(&alloc::format!("actor of day {day}"));
            watch
                .see(&Recorded { sequence: Sequence::new(number), event: Event::new(Action::PolicyUpdated, actor, at) })
        });
        assert_eq!(told.map(|alert| alert.subject).collect::<Vec<_>>(), [Label::new("actor of day 8")]);
    }

    #[test]
    fn a_busy_hour_is_usual_for_a_week_and_not_for_ever() {
        assert_eq!(alerts(&[(0, 1000), (4, 1), (7, 300)]), []);
        assert_eq!(alerts(&[(0, 1000), (4, 1), (8, 1), (9, 300)]), [(9, AlertKind::SuddenUse)]);
    }
}
