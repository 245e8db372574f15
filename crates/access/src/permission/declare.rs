//! The declaration of permissions, held to its promises by the compiler.

use crate::name::is_name;

/// Declares what a service guards: an enum, its names and sentences, and one type for each permission.
///
/// ```
/// service_accounts_access::permissions! {
///     /// What the warehouse guards.
///     pub enum Permission in permission {
///         /// See what is in stock.
///         StockRead = "stock:read",
///         /// Order from a supplier; the buyer is billed.
///         StockOrder = "stock:order" => "order new stock",
///     }
/// }
///
/// use service_accounts_access::{Permission as _, Required};
///
/// # fn main() {
/// assert_eq!(Permission::StockRead.name(), "stock:read");
/// assert_eq!(Permission::StockRead.summary(), "See what is in stock");
/// assert_eq!(Permission::StockOrder.summary(), "order new stock");
/// assert_eq!(<permission::StockOrder as Required>::PERMISSION, Permission::StockOrder);
/// # }
/// ```
///
/// The sentence is the one after `=>`, or else the first line of the documentation. Use it at module level: the module
/// it makes looks for the enum in its parent. The order is the order of the bits, and nothing ever stores a bit, so
/// permissions may be reordered freely; their names may not.
///
/// Two permissions with one name do not compile:
///
/// ```compile_fail
/// service_accounts_access::permissions! {
///     /// What the warehouse guards.
///     pub enum Permission in permission {
///         /// See what is in stock.
///         StockRead = "stock:read",
///         /// Order from a supplier.
///         StockOrder = "stock:read",
///     }
/// }
/// ```
///
/// Nor does a name that no scope could have:
///
/// ```compile_fail
/// service_accounts_access::permissions! {
///     /// What the warehouse guards.
///     pub enum Permission in permission {
///         /// See what is in stock.
///         StockRead = "read stock",
///     }
/// }
/// ```
#[macro_export]
macro_rules! permissions {
    (
        $(#[$meta:meta])*
        pub enum $Enum:ident in $module:ident {
            $(
                #[doc = $doc:literal]
                $(#[doc = $more:literal])*
                $Variant:ident = $name:literal $(=> $summary:literal)?
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Enum {
            $( #[doc = $doc] $(#[doc = $more])* $Variant, )+
        }

        const _: () = {
            const NAMES: &[&str] = &[$($name),+];
            const _: &[u32] = &[$($crate::__declare::position($name, NAMES)),+];

            impl $crate::Permission for $Enum {
                const ALL: &'static [Self] = &[$(Self::$Variant),+];

                fn name(self) -> &'static str {
                    match self { $( Self::$Variant => $name, )+ }
                }

                fn summary(self) -> &'static str {
                    match self {
                        $( Self::$Variant => $crate::__declare::first_of(&[$($summary,)? $doc]), )+
                    }
                }

                fn index(self) -> u32 {
                    match self {
                        $( Self::$Variant => const { $crate::__declare::position($name, NAMES) }, )+
                    }
                }
            }
        };

        #[doc = concat!("The permissions of [`", stringify!($Enum), "`], each as a type.")]
        pub mod $module {
            $(
                #[doc = $doc]
                $(#[doc = $more])*
                #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct $Variant;

                impl $crate::Required for $Variant {
                    type Permission = super::$Enum;
                    const PERMISSION: Self::Permission = super::$Enum::$Variant;
                }
            )+
        }
    };
}

/// The first of some sentences, trimmed of space and full stop; for [`permissions!`](crate::permissions).
#[must_use]
pub fn first_of(sentences: &[&'static str]) -> &'static str {
    sentences.first().map_or("", |text| text.trim().trim_end_matches('.'))
}

/// Where a name stands in a list of names; for [`permissions!`](crate::permissions), which calls it at compile time.
///
/// # Panics
/// If the list has more than 128 names, or the name is not a valid one, or stands in the list twice: compile errors,
/// all of them.
#[must_use]
pub const fn position(name: &str, names: &[&str]) -> u32 {
    assert!(names.len() <= 128, "at most 128 permissions fit in a set");
    assert!(is_name(name), "a permission's name is 1 to 64 printable ASCII characters without spaces or quotes");
    let mut found = None;
    let mut at = 0;
    let mut rest = names;
    while let [first, tail @ ..] = rest {
        if same(first.as_bytes(), name.as_bytes()) {
            assert!(found.is_none(), "two permissions have the same name");
            found = Some(at);
        }
        at += 1;
        rest = tail;
    }
    match found {
        Some(at) => at,
        None => 0,
    }
}

const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, left_tail @ ..], [b, right_tail @ ..]) = (left, right) {
        if *a != *b {
            return false;
        }
        left = left_tail;
        right = right_tail;
    }
    left.is_empty() && right.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_all_of_its_bytes() {
        assert_eq!(position("b", &["a", "b"]), 1);
        assert_eq!(position("ab", &["a", "abc", "ab"]), 2);
    }

    #[test]
    #[should_panic(expected = "same name")]
    fn a_name_given_twice_does_not_compile() {
        let _ = position("a", &["a", "b", "a"]);
    }

    #[test]
    fn the_last_bit_of_a_set_is_the_128th_name() {
        let names: [&str; 128] = core::array::from_fn(|at| if at == 127 { "last" } else { "other" });
        assert_eq!(position("last", &names), 127);
    }

    #[test]
    #[should_panic(expected = "at most 128")]
    fn the_129th_name_does_not_compile() {
        let _ = position("last", &["last"; 129]);
    }
}
