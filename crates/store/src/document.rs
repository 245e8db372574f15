//! What is read seldom and kept whole.

use std::{fmt, str::FromStr, sync::Arc};

use crate::Revision;

/// A record that a store keeps without looking into it, found by its kind and id.
///
/// Policies, subscriptions, reviews, incidents, seals and alerts are kept so. What their JSON means is the facade's; a
/// store finds them by kind and id, and lists a kind in the order of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Which shelf it stands on.
    pub kind: DocumentKind,
    /// Its name there.
    pub id: DocumentId,
    /// The content as JSON.
    /// A store neither reads nor bounds it.
    pub body: Arc<str>,
    /// The event that last changed it; the store sets it.
    /// A change of the document must name it.
    pub revision: Revision,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What a document is about.
        ///
        /// A kind is added here and nowhere else: stores keep its name as text.
        ///
        /// Ids are unique within a kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DocumentKind {
            $($(#[$doc])* $kind,)+
        }

        impl DocumentKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The stable name under which stores keep it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// A governance policy.
    Policy = "policy",
    /// A subscription to notifications.
    Subscription = "subscription",
    /// A review pack with its attestations.
    Review = "review",
    /// An incident with its notes.
    Incident = "incident",
    /// A sealed segment of the trail.
    Seal = "seal",
    /// An alert that a detector raised.
    Alert = "alert",
    /// A fact of the installation, such as what its first start did.
    Setting = "setting",
}

/// The name of a document among those of its kind: 1 to 160 of `a-z A-Z 0-9 . _ - @ :`.
///
/// Ids sort by their bytes. The facade chooses them so that a page shows what people look for first, such as the latest
/// review.
///
/// ```
/// use service_accounts_store::DocumentId;
///
/// assert!(DocumentId::parse("incident-001767225600-00")? < DocumentId::parse("incident-001767225601-00")?);
/// assert!(DocumentId::parse("with space").is_err() && DocumentId::parse("").is_err());
/// # Ok::<(), service_accounts_store::DocumentIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(Arc<str>);

/// The text is no document id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document id has 1 to 160 of the characters a-z A-Z 0-9 . _ - @ :")]
#[non_exhaustive]
pub struct DocumentIdError;

impl DocumentId {
    /// The longest id, in bytes: a realm with room for what tells its records apart.
    pub const MAX_LEN: usize = 160;

    /// Reads an id.
    ///
    /// # Errors
    /// The text is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, DocumentIdError> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@:".contains(&byte);
        let is_id = (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(is_fit);
        if is_id { Ok(Self(text.into())) } else { Err(DocumentIdError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DocumentId {
    type Err = DocumentIdError;

    fn from_str(text: &str) -> Result<Self, DocumentIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_bounded_and_plain() {
        for (text, is_id) in [("", false), ("no-domain:v2@service", true), ("a b", false), ("ä", false), ("a/b", false)]
        {
            assert_eq!(DocumentId::parse(text).is_ok(), is_id, "{text}");
        }
        for (length, is_id) in [(159, true), (160, true), (161, false)] {
            assert_eq!(DocumentId::parse(&"a".repeat(length)).is_ok(), is_id, "{length}");
        }
    }
}
