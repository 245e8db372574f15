//! A JSON text as a tree that still knows what was wrong with it.
//!
//! A field that comes twice, a number that is no whole one and a depth that nobody needs are kept and not refused at
//! once: the reader that knows which field is meant says so by its path.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// How deep values may stand in each other; no body of this crate comes near.
const DEEPEST: usize = 32;

/// A value, and what it holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Document {
    Null,
    Bool(bool),
    Whole(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    /// Text from a query, where numbers are written as text too.
    Word(String),
    List(Vec<Document>),
    Object(Object),
    /// Deeper than anything that is expected; it was read to its end, so that what is no JSON is still told apart.
    TooDeep,
}

/// Fields in the order they were sent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Object {
    fields: Vec<(String, Document)>,
    /// The place of the first field whose name came before.
    repeated: Option<usize>,
}

impl Document {
    /// Reads a text that holds one value and nothing else.
    ///
    /// Text behind the value is an error, as is text that is no UTF-8.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        // What `IgnoredAny` skips is not checked to be UTF-8.
        let text = str::from_utf8(text).map_err(serde::de::Error::custom)?;
        let mut source = serde_json::Deserializer::from_str(text);
        let document = Depth(0).deserialize(&mut source)?;
        source.end()?;
        Ok(document)
    }
}

impl Object {
    /// The first that comes twice is remembered, whether or not anybody asks for it.
    pub(crate) fn new(fields: Vec<(String, Document)>) -> Self {
        let mut names = HashSet::with_capacity(fields.len());
        let repeated = fields.iter().position(|(name, _)| !names.insert(name.as_str()));
        Self { fields, repeated }
    }

    pub(crate) fn fields(&self) -> &[(String, Document)] {
        &self.fields
    }

    pub(crate) fn repeated(&self) -> Option<&str> {
        Some(self.fields.get(self.repeated?)?.0.as_str())
    }
}

/// Reads a value that stands this deep.
#[derive(Clone, Copy)]
struct Depth(usize);

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Document, D::Error> {
        if self.0 > DEEPEST {
            IgnoredAny::deserialize(source)?;
            return Ok(Document::TooDeep);
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
        Ok(Document::Whole(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
        Ok(u64::try_from(value).map_or(Document::Negative(value), Document::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Document, E> {
        Ok(Document::Fraction(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Document, E> {
        Ok(Document::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Document, E> {
        Ok(Document::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self(self.0 + 1))? {
            list.push(item);
        }
        Ok(Document::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Document, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = entries.next_key()? {
            fields.push((name, entries.next_value_seed(Self(self.0 + 1))?));
        }
        Ok(Document::Object(Object::new(fields)))
    }
}
