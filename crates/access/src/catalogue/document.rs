//! A catalogue as a document: TOML, JSON, or whatever else serde reads.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Catalogue, CatalogueError, Definition, EntryPlace};
use crate::object::reads_objects_only;
use crate::{NameKind, Permission};

/// Roles and scopes as written down, unchecked until they become a [`Catalogue`].
///
/// Both are lists, not maps: a map would let many a parser drop the first of two roles of one name without a word.
///
/// ```
/// use service_accounts_access::Catalogue;
/// use service_accounts_access::presets::data_quality::Permission;
///
/// let catalogue: Catalogue<Permission> = toml::from_str(r#"
///     [[roles]]
///     name = "Reader"
///     summary = "looks"
///     permissions = ["results:read", "datastores:view"]
///
///     [[roles]]
///     name = "Writer"
///     includes = ["Reader"]
///     permissions = ["resources:write"]
///
///     [[scopes]]
///     name = "read"
///     permissions = ["results:read"]
/// "#)?;
/// assert_eq!(catalogue.roles().count(), 2);
///
/// let slip = r#"{"roles": [{"name": "Reader", "permissions": ["result:read"]}]}"#;
/// let error = serde_json::from_str::<Catalogue<Permission>>(slip).unwrap_err();
/// assert_eq!(error.to_string(), "role 1: unknown permission, the nearest known one is `results:read`");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogueDocument {
    /// The roles, in the order in which tables print them.
    pub roles: Vec<CatalogueDocumentEntry>,
    /// The scopes, in the order in which tables print them.
    pub scopes: Vec<CatalogueDocumentEntry>,
}

/// A role or scope as written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogueDocumentEntry {
    /// Its name.
    pub name: String,
    /// Its sentence.
    pub summary: String,
    /// The names of others of its kind all of whose permissions it holds too.
    pub includes: Vec<String>,
    /// The names of the permissions it holds.
    pub permissions: Vec<String>,
}

/// How a [`CatalogueDocument`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "CatalogueDocument", deny_unknown_fields)]
struct WrittenCatalogue {
    roles: Vec<CatalogueDocumentEntry>,
    #[serde(default)]
    scopes: Vec<CatalogueDocumentEntry>,
}

reads_objects_only!(CatalogueDocument, via WrittenCatalogue);

/// How a [`CatalogueDocumentEntry`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "CatalogueDocumentEntry", deny_unknown_fields)]
struct WrittenEntry {
    name: String,
    #[serde(default)]
    summary: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    includes: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

reads_objects_only!(CatalogueDocumentEntry, via WrittenEntry);

impl<P: Permission> TryFrom<CatalogueDocument> for Catalogue<P> {
    type Error = CatalogueError;

    fn try_from(document: CatalogueDocument) -> Result<Self, CatalogueError> {
        let mut builder = Self::builder();
        for (at, entry) in document.roles.iter().enumerate() {
            let permissions = entry.permissions(EntryPlace::after(NameKind::Role, at))?;
            builder = builder.role_including(&entry.name, &entry.summary, entry.includes(), permissions);
        }
        for (at, entry) in document.scopes.iter().enumerate() {
            let permissions = entry.permissions(EntryPlace::after(NameKind::Scope, at))?;
            builder = builder.scope_including(&entry.name, &entry.summary, entry.includes(), permissions);
        }
        builder.build()
    }
}

/// What is included is written out: every entry holds all its permissions itself.
impl<P: Permission> From<&Catalogue<P>> for CatalogueDocument {
    fn from(catalogue: &Catalogue<P>) -> Self {
        Self {
            roles: catalogue.roles().map(CatalogueDocumentEntry::from).collect(),
            scopes: catalogue.scopes().map(CatalogueDocumentEntry::from).collect(),
        }
    }
}

impl<N: ToString, P: Permission> From<&Definition<N, P>> for CatalogueDocumentEntry {
    fn from(definition: &Definition<N, P>) -> Self {
        Self {
            name: definition.name().to_string(),
            summary: definition.summary().to_owned(),
            includes: Vec::new(),
            permissions: definition.permissions().iter().map(|permission| permission.name().to_owned()).collect(),
        }
    }
}

impl<P: Permission> Serialize for Catalogue<P> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CatalogueDocument::from(self).serialize(serializer)
    }
}

impl<'de, P: Permission> Deserialize<'de> for Catalogue<P> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(CatalogueDocument::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl CatalogueDocumentEntry {
    fn permissions<P: Permission>(&self, place: EntryPlace) -> Result<Vec<P>, CatalogueError> {
        let named = self.permissions.iter().map(|name| P::named(name));
        named.collect::<Result<_, _>>().map_err(|reason| CatalogueError::Unknown { place, reason })
    }

    fn includes(&self) -> impl Iterator<Item = &str> {
        self.includes.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::{Permission as P, catalogue};

    fn read(json: &str) -> Result<Catalogue<P>, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_catalogue_survives_being_written_and_read() {
        let text = serde_json::to_string(&catalogue()).unwrap();
        let back = read(&text).unwrap();
        assert_eq!(CatalogueDocument::from(&back), CatalogueDocument::from(&catalogue()));
        assert!(back.changed_roles(&catalogue()).is_empty() && back.changed_scopes(&catalogue()).is_empty());
    }

    #[test]
    fn scopes_include_scopes() {
        let json = r#"{"roles":[{"name":"R"}],"scopes":[{"name":"write","includes":["read"],"permissions":["resources:write"]},{"name":"read","permissions":["results:read"]}]}"#;
        let scopes = read(json).unwrap().scopes().map(|scope| scope.permissions().to_string()).collect::<Vec<_>>();
        assert_eq!(scopes, ["results:read, resources:write", "results:read"]);
    }

    #[test]
    fn slips_are_reported_with_their_place() {
        let refused = |json: &str, expected: &str| {
            let error = read(json).unwrap_err();
            assert!(error.starts_with(expected), "{json}: {error}");
        };
        refused(r#"{"roles":[]}"#, "a catalogue needs at least one role");
        refused(r#"{"roles":[{"name":"A"},{"name":"A"}]}"#, "role 2 has the name of an earlier one");
        refused(r#"{"roles":[{"name":"A","includes":["A"]}]}"#, "role 1 includes itself");
        refused(
            r#"{"roles":[{"name":"A"}],"scopes":[{"name":"s","permissions":["no"]}]}"#,
            "scope 1: unknown permission",
        );
        refused(r#"{"roles":[{"name":"A"}],"scopes":[{"name":"users:view"}]}"#, "scope 1 has the name of a permission");
        refused(r#"{"roles":[{"name":"A","permisions":[]}]}"#, "unknown field");
        refused(r#"{"roles":[{"name":"A"}],"role":[]}"#, "unknown field");
        refused(r#"{}"#, "missing field");
        refused(r#"{"roles":[{"name":"A","permissions":null}]}"#, "invalid type: null");
    }
}
