//! How a client uses its sessions.

use core::fmt;

/// Fewer exchanges than this show no habit.
const FEW: u64 = 20;

/// What was seen of one client's client credentials in a time the host chooses, such as a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExchangeCounts {
    /// How often the client secret was exchanged for a session.
    pub exchanges: u64,
    /// How many requests came with those sessions.
    pub requests: u64,
}

/// What is wrong with how a client uses its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeAdvice {
    /// It exchanges its secret for about every request.
    KeepSession,
    /// It opens sessions and makes no requests with them.
    UnusedSessions,
}

impl ExchangeCounts {
    /// What is wrong, if something is.
    ///
    /// A session works for many requests. A client that opens one for each sends its secret over the wire as often as a
    /// token would go, and costs the service two writes where one read would do.
    ///
    /// ```
    /// use service_accounts_lifecycle::{ExchangeAdvice, ExchangeCounts};
    ///
    /// assert_eq!(ExchangeCounts { exchanges: 500, requests: 510 }.advice(), Some(ExchangeAdvice::KeepSession));
    /// assert_eq!(ExchangeCounts { exchanges: 7, requests: 90_000 }.advice(), None);
    /// ```
    #[must_use]
    pub const fn advice(self) -> Option<ExchangeAdvice> {
        match (self.exchanges, self.requests) {
            (0..FEW, _) => None,
            (_, 0) => Some(ExchangeAdvice::UnusedSessions),
            (exchanges, requests) if requests / exchanges < 2 => Some(ExchangeAdvice::KeepSession),
            _ => None,
        }
    }
}

impl fmt::Display for ExchangeAdvice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeepSession => "the client exchanges its secret for each request, keep the session until it expires",
            Self::UnusedSessions => "the client opens sessions and uses none, check what it is doing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_session_for_each_request_is_advised_against() {
        use ExchangeAdvice::{KeepSession, UnusedSessions};
        let table = [
            (19, 19, None),
            (20, 20, Some(KeepSession)),
            (20, 39, Some(KeepSession)),
            (20, 40, None),
            (19, 0, None),
            (20, 0, Some(UnusedSessions)),
            (20, 5, Some(KeepSession)),
            (u64::MAX, u64::MAX, Some(KeepSession)),
        ];
        for (exchanges, requests, expected) in table {
            assert_eq!(ExchangeCounts { exchanges, requests }.advice(), expected, "{exchanges} {requests}");
        }
        assert_ne!(KeepSession.to_string(), UnusedSessions.to_string());
    }
}
