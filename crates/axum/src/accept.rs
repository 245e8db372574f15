//! Which of several media types a request wants (RFC 9110 §12.5.1).

use http::{HeaderMap, header::ACCEPT};

/// The offer that the request likes best; the first of those it likes alike, and the first of all where it says nothing.
pub(crate) fn preferred<'a>(headers: &HeaderMap, offers: &[&'a str]) -> &'a str {
    let ranges: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<_> = ranges.iter().flat_map(|value| value.split(',')).collect();
    let mut best = ("", -1.0);
    for offer in offers {
        let weight = weight(&ranges, offer);
        if weight > best.1 {
            best = (offer, weight);
        }
    }
    best.0
}

/// The weight of the most specific range that an offer falls into; 0 where there is none.
///
/// A range that names the type is more specific than `kind/*`, and that than `*/*`.
fn weight(ranges: &[&str], offer: &str) -> f64 {
    let (kind, _) = offer.split_once('/').unwrap_or_default();
    let any_of_kind = format!("{kind}/*");
    let of = |wanted: &str| ranges.iter().find_map(|range| weight_in(range, wanted));
    of(offer).or_else(|| of(&any_of_kind)).or_else(|| of("*/*")).unwrap_or(0.0)
}

/// The weight of a range, where it is the one that is looked for.
fn weight_in(range: &str, wanted: &str) -> Option<f64> {
    let mut parts = range.split(';').map(str::trim);
    parts.next().filter(|name| name.eq_ignore_ascii_case(wanted))?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some(weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(accept: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        preferred(&headers, &["application/json", "text/csv", "text/markdown"])
    }

    #[test]
    fn the_best_liked_offer_is_taken() {
        assert_eq!(wants(&["text/csv"]), "text/csv");
        assert_eq!(wants(&["text/csv;q=0.5, application/json"]), "application/json");
        assert_eq!(wants(&["text/csv; q=0.9, application/json;q=0.8"]), "text/csv");
        assert_eq!(wants(&["text/html, TEXT/Markdown"]), "text/markdown");
        assert_eq!(wants(&["text/html", "text/*;q=0.3"]), "text/csv");
        assert_eq!(wants(&["*/*;q=0.1, text/markdown;q=0.2"]), "text/markdown");
    }

    #[test]
    fn the_first_offer_is_taken_where_the_request_does_not_care() {
        for accept in [&[][..], &["*/*"], &["text/html"], &["nonsense;;q=x"], &["application/json, text/csv"]] {
            assert_eq!(wants(accept), "application/json", "{accept:?}");
        }
    }
}
