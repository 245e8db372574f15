//! From a tree to the type that a handler takes.
//!
//! `serde` lets an array stand for a struct, and names Rust types in its errors. This reader does neither: it asks each
//! value for its kind first, and says what is expected in JSON's own words.

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    document::{Document, Object},
    misfit::Misfit,
};

/// Reads the whole of a document as a `T`.
pub(crate) fn read<T: DeserializeOwned>(document: &Document) -> Result<T, Misfit> {
    T::deserialize(Node(document))
}

/// One value of a document.
#[derive(Clone, Copy)]
struct Node<'a>(&'a Document);

const OBJECT: &str = "an object";
const LIST: &str = "a list";
const TEXT: &str = "a text";

fn expected<T>(what: &str) -> Result<T, Misfit> {
    Err(Misfit::new(format!("expected {what}")))
}

impl<'a> Node<'a> {
    fn text(self) -> Result<&'a str, Misfit> {
        match self.0 {
            Document::Text(text) | Document::Word(text) => Ok(text),
            _ => expected(TEXT),
        }
    }

    /// A name that comes twice is refused even where nobody reads that field: two readers could take two values.
    fn object(self) -> Result<&'a Object, Misfit> {
        let Document::Object(object) = self.0 else { return expected(OBJECT) };
        match object.repeated() {
            Some(field) => Err(Misfit::new("this field comes twice").inside(field)),
            None => Ok(object),
        }
    }

    /// A whole number between two bounds.
    ///
    /// Numbers of a query are words, and are held to the same bounds.
    fn whole(self, least: i64, greatest: u64) -> Result<i128, Misfit> {
        let number = match self.0 {
            Document::Whole(number) => Some(i128::from(*number)),
            Document::Negative(number) => Some(i128::from(*number)),
            Document::Word(word) => number_in(word),
            _ => None,
        };
        match number {
            Some(number) if (i128::from(least)..=i128::from(greatest)).contains(&number) => Ok(number),
            _ => expected(&format!("a whole number from {least} to {greatest}")),
        }
    }

    fn truth(self) -> Result<bool, Misfit> {
        match self.0 {
            Document::Bool(value) => Ok(*value),
            Document::Word(word) if word == "true" => Ok(true),
            Document::Word(word) if word == "false" => Ok(false),
            _ => expected("true or false"),
        }
    }
}

/// Digits, and perhaps a minus: what JSON takes, and no `+7`.
fn number_in(word: &str) -> Option<i128> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { word.parse().ok() } else { None }
}

/// Whole numbers of one width: the bounds are named, and the visitor gets what fits.
macro_rules! whole_numbers {
    ($($method:ident $visit:ident $kind:ident $least:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let number = self.whole($least, $kind::MAX.unsigned_abs_u64())?;
            match $kind::try_from(number) {
                Ok(number) => visitor.$visit(number),
                Err(_) => expected("a number in range"),
            }
        }
    )*};
}

/// The largest value of a width, as a bound.
trait Bound {
    fn unsigned_abs_u64(self) -> u64;
}

macro_rules! bounds {
    ($($kind:ident)*) => {$(impl Bound for $kind {
        fn unsigned_abs_u64(self) -> u64 {
            u64::try_from(self).unwrap_or_default()
        }
    })*};
}

bounds!(u8 u16 u32 u64 i8 i16 i32 i64);

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Document::Null => visitor.visit_unit(),
            Document::Bool(value) => visitor.visit_bool(*value),
            Document::Whole(number) => visitor.visit_u64(*number),
            Document::Negative(number) => visitor.visit_i64(*number),
            Document::Fraction(number) => visitor.visit_f64(*number),
            Document::Text(text) | Document::Word(text) => visitor.visit_borrowed_str(text),
            Document::List(items) => visit_list(items, visitor),
            Document::Object(_) => self.deserialize_map(visitor),
            Document::TooDeep => Err(Misfit::new("the body is nested too deeply")),
        }
    }

    whole_numbers! {
        deserialize_u8 visit_u8 u8 0;
        deserialize_u16 visit_u16 u16 0;
        deserialize_u32 visit_u32 u32 0;
        deserialize_u64 visit_u64 u64 0;
        deserialize_i8 visit_i8 i8 i8::MIN.into();
        deserialize_i16 visit_i16 i16 i16::MIN.into();
        deserialize_i32 visit_i32 i32 i32::MIN.into();
        deserialize_i64 visit_i64 i64 i64::MIN;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.truth()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if *self.0 == Document::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Document::List(items) => visit_list(items, visitor),
            _ => expected(LIST),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Fields { left: self.object()?.fields(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(Name(self.text()?))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

fn visit_list<'de, V: Visitor<'de>>(items: &'de [Document], visitor: V) -> Result<V::Value, Misfit> {
    visitor.visit_seq(Items { left: items.iter().enumerate() })
}

struct Items<'a> {
    left: std::iter::Enumerate<std::slice::Iter<'a, Document>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((index, item)) = self.left.next() else { return Ok(None) };
        seed.deserialize(Node(item)).map(Some).map_err(|misfit| misfit.at(index))
    }
}

/// The name of the value under way is kept, to stand in the path of an error.
struct Fields<'a> {
    left: &'a [(String, Document)],
    value: Option<(&'a str, &'a Document)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(((name, value), left)) = self.left.split_first() else { return Ok(None) };
        self.left = left;
        self.value = Some((name, value));
        seed.deserialize(Name(name)).map(Some).map_err(|misfit| misfit.inside(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some((name, value)) = self.value.take() else { return Err(Misfit::new("expected a value")) };
        seed.deserialize(Node(value)).map_err(|misfit| misfit.inside(name))
    }
}

/// A name: of a field, or of one choice among several.
struct Name<'a>(&'a str);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Name<'de> {
    type Error = Misfit;
    type Variant = Alone;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Alone), Misfit> {
        Ok((seed.deserialize(self)?, Alone))
    }
}

/// A choice that comes with nothing else.
///
/// A variant with content would be an object with one key, which no shape here has.
struct Alone;

impl<'de> VariantAccess<'de> for Alone {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Misfit> {
        expected(OBJECT)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        expected(LIST)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Misfit> {
        expected(OBJECT)
    }
}
