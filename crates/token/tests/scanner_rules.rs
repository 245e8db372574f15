//! What each rule file finds, wherever a token is pasted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use regex::Regex;
use service_accounts_token::{Keyring, Kind, Pepper, PepperId, Scanner, Vendor};

fn scanner() -> Scanner {
    Scanner::new(Vendor::parse("acme").unwrap())
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

/// The expression of every rule file, taken out of the file itself; a new file joins here.
fn rules() -> Vec<(&'static str, Regex)> {
    let gitleaks: toml::Table = scanner().gitleaks_rule().parse().unwrap();
    let github = scanner().github_pattern();
    let github = format!("(?:{})({})(?:{})", github.before_secret, github.secret_format, github.after_secret);
    let plugin = scanner().detect_secrets_plugin();
    let detector = scanner().trufflehog_detector();
    let rules = [
        ("pattern", scanner().pattern()),
        ("gitleaks", gitleaks["rules"][0]["regex"].as_str().unwrap().to_owned()),
        ("detect-secrets", between(&plugin, "re.compile(r'", "'").to_owned()),
        ("trufflehog", between(&detector, "token: '", "'").to_owned()),
        ("github", github),
    ];
    rules.map(|(name, rule)| (name, Regex::new(&rule).unwrap())).into()
}

/// Corpora of secret scanners: rules with a boundary in front missed what stands behind an escape or an encoding.
#[test]
fn a_token_is_found_by_every_rule_whatever_stands_around_it() {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let vendor = Vendor::parse("acme").unwrap();
    for kind in Kind::ALL {
        let minted = keyring.mint(&vendor, kind, &mut ChaCha20Rng::from_seed([3; 32])).unwrap();
        let token = minted.token.expose();
        for (before, after) in [
            ("", ""),
            ("\"x\\n", "\""),
            ("\"x\\t", "\\n\""),
            ("token%3D", "%26next%3D1"),
            ("%22", "%22"),
            ("x\n", "\n"),
            ("password=", "&"),
            ("TOKEN_", "_old"),
            ("u003d", "u0026"),
            ("é", "é"),
            ("base64:", "=="),
            ("acme_sat_", " "),
        ] {
            let text = format!("{before}{token}{after}");
            let ours = scanner().scan(text.as_bytes()).map(|found| found.offset).collect::<Vec<_>>();
            assert_eq!(ours, [u64::try_from(before.len()).unwrap()], "{before} {after}");
            for (name, rule) in rules() {
                let found = rule.captures(&text);
                let place = found.as_ref().map(|found| found.get(found.len() - 1).unwrap().start());
                assert_eq!(place, Some(before.len()), "{name}: {before} {after}");
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_token_is_found_by_no_rule() {
    for text in ["acme_sat_", "acme_xyz_000000000000000000000000000000000000000000000000000000000000", "acme_sat_short"]
    {
        assert!(rules().iter().all(|(_, rule)| !rule.is_match(text)), "{text}");
    }
}

#[test]
fn the_trufflehog_detector_is_yaml_with_the_pattern_in_it() {
    let expected = "\
detectors:
  - name: acme service-account token
    keywords:
      - acme_sat_
      - acme_ses_
      - acme_sec_
    regex:
      token: '(acme_(?:sat|ses|sec)_[0-9A-Za-z]{60})'
";
    assert_eq!(scanner().trufflehog_detector(), expected);
}
