//! The risks of non-human identities that a review looks for.

use core::fmt;

/// A risk of the OWASP Non-Human Identities Top 10 of 2025, as far as accounts and tokens can show it.
///
/// The numbers 3 (vulnerable third parties) and 6 (cloud deployment) are about a host's surroundings, of which a review
/// has no facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NhiRisk {
    /// NHI1: the owner is gone, the account is idle, the token is orphaned, and it still works.
    ImproperOffboarding,
    /// NHI2: the secret stands where others can read it.
    SecretLeakage,
    /// NHI4: an old pepper, or a credential without an end.
    InsecureAuthentication,
    /// NHI5: rights that are granted and not used.
    Overprivileged,
    /// NHI7: a secret that lives longer than it should.
    LongLivedSecrets,
    /// NHI8: one credential in several environments.
    EnvironmentIsolation,
    /// NHI9: one account for many systems or from many networks.
    Reuse,
    /// NHI10: a person who uses the account.
    HumanUse,
}

impl NhiRisk {
    /// All of them, by number.
    pub const ALL: [Self; 8] = [
        Self::ImproperOffboarding,
        Self::SecretLeakage,
        Self::InsecureAuthentication,
        Self::Overprivileged,
        Self::LongLivedSecrets,
        Self::EnvironmentIsolation,
        Self::Reuse,
        Self::HumanUse,
    ];

    /// The number in the list of 2025.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::ImproperOffboarding => 1,
            Self::SecretLeakage => 2,
            Self::InsecureAuthentication => 4,
            Self::Overprivileged => 5,
            Self::LongLivedSecrets => 7,
            Self::EnvironmentIsolation => 8,
            Self::Reuse => 9,
            Self::HumanUse => 10,
        }
    }
}

/// The number as the list writes it, such as `NHI5`.
impl fmt::Display for NhiRisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NHI{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn each_risk_has_the_number_of_the_list() {
        let numbers = NhiRisk::ALL.map(|risk| risk.to_string());
        assert_eq!(numbers, ["NHI1", "NHI2", "NHI4", "NHI5", "NHI7", "NHI8", "NHI9", "NHI10"]);
    }
}
