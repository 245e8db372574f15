//! Rules for the scanners that others run.
//!
//! They come from the same vendor as the tokens do, so they cannot drift from the format.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::Scanner;
use crate::Kind;
use crate::presented::BODY;

/// Characters after the kind: body and checksum.
const SYMBOLS: usize = BODY + crate::checksum::LEN;

impl Scanner {
    /// The regular expression of the vendor's tokens, in a syntax that all common engines share.
    ///
    /// It asks for no word boundary: `"key\nacme_sec_…"` and `token%3Dacme_sec_…` have a letter in front of the token.
    ///
    /// ```
    /// use service_accounts_token::{Scanner, Vendor};
    ///
    /// let scanner = Scanner::new(Vendor::parse("acme")?);
    /// assert_eq!(scanner.pattern(), r"acme_(?:sat|ses|sec)_[0-9A-Za-z]{60}");
    /// # Ok::<(), service_accounts_token::VendorError>(())
    /// ```
    #[must_use]
    pub fn pattern(&self) -> String {
        let kinds = Kind::ALL.map(Kind::as_str).join("|");
        format!("{}_(?:{kinds})_[0-9A-Za-z]{{{SYMBOLS}}}", self.vendor)
    }

    /// A rule for gitleaks, to be put into its TOML configuration.
    #[must_use]
    pub fn gitleaks_rule(&self) -> String {
        let (vendor, pattern) = (self.vendor, self.pattern());
        let keywords = Kind::ALL.map(|kind| format!("\"{vendor}_{kind}_\"")).join(", ");
        format!(
            "[[rules]]\n\
             id = \"{vendor}-service-account-token\"\n\
             description = \"A token of a service account of {vendor}\"\n\
             regex = '''{pattern}'''\n\
             keywords = [{keywords}]\n"
        )
    }

    /// A plugin for detect-secrets, a Python file for its `--plugin` option. It checks the checksum too.
    #[must_use]
    pub fn detect_secrets_plugin(&self) -> String {
        PLUGIN.replace("{vendor}", self.vendor.as_str()).replace("{pattern}", &self.pattern())
    }

    /// A custom pattern for GitHub secret scanning, one text for each field of its form.
    #[must_use]
    pub fn github_pattern(&self) -> GithubPattern {
        GithubPattern {
            name: format!("{} service-account token", self.vendor),
            secret_format: self.pattern(),
            before_secret: String::from(r"\A|[\s\S]"),
            after_secret: String::from(r"\z|[\s\S]"),
        }
    }

    /// A custom detector for TruffleHog, a YAML file for its `--config` option.
    #[must_use]
    pub fn trufflehog_detector(&self) -> String {
        let (vendor, pattern) = (self.vendor, self.pattern());
        let keywords: String = Kind::ALL.map(|kind| format!("      - {vendor}_{kind}_\n")).concat();
        format!(
            "detectors:\n\
             \x20 - name: {vendor} service-account token\n\
             \x20   keywords:\n\
             {keywords}\
             \x20   regex:\n\
             \x20     token: '({pattern})'\n"
        )
    }
}

/// The fields of GitHub's form for a custom pattern; as text, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GithubPattern {
    /// What the pattern is called.
    pub name: String,
    /// The regular expression of the secret itself.
    pub secret_format: String,
    /// What must stand before it: anything, where GitHub's own default asks for a boundary.
    pub before_secret: String,
    /// What must stand after it: anything.
    pub after_secret: String,
}

impl fmt::Display for GithubPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Pattern name: {}", self.name)?;
        writeln!(f, "Secret format: {}", self.secret_format)?;
        writeln!(f, "Before secret: {}", self.before_secret)?;
        writeln!(f, "After secret: {}", self.after_secret)
    }
}

const PLUGIN: &str = r#""""Finds tokens of service accounts of {vendor}."""
import re
import zlib

from detect_secrets.plugins.base import RegexBasedDetector

SYMBOLS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'


def checksum_fits(token):
    crc = 0
    for symbol in token[-6:]:
        crc = crc * 62 + SYMBOLS.index(symbol)
    return crc == zlib.crc32(token[:-6].encode())


class ServiceAccountTokenDetector(RegexBasedDetector):
    """Scans for tokens of service accounts."""

    secret_type = '{vendor} service-account token'
    denylist = [re.compile(r'{pattern}', re.ASCII)]

    def analyze_string(self, string):
        return filter(checksum_fits, super().analyze_string(string))
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vendor;
    use alloc::string::ToString;

    fn scanner() -> Scanner {
        Scanner::new(Vendor::parse("acme").unwrap())
    }

    #[test]
    fn the_gitleaks_rule_is_toml_with_the_pattern_in_it() {
        let rule: toml::Table = scanner().gitleaks_rule().parse().unwrap();
        let rule = &rule["rules"][0];
        assert_eq!(rule["id"].as_str(), Some("acme-service-account-token"));
        assert_eq!(rule["description"].as_str(), Some("A token of a service account of acme"));
        assert_eq!(rule["regex"].as_str(), Some(scanner().pattern().as_str()));
        let keywords: alloc::vec::Vec<_> =
            rule["keywords"].as_array().unwrap().iter().filter_map(|k| k.as_str()).collect();
        assert_eq!(keywords, ["acme_sat_", "acme_ses_", "acme_sec_"]);
    }

    #[test]
    fn the_github_pattern_fills_each_field_of_the_form() {
        assert_eq!(
            scanner().github_pattern().to_string(),
            "Pattern name: acme service-account token\n\
             Secret format: acme_(?:sat|ses|sec)_[0-9A-Za-z]{60}\n\
             Before secret: \\A|[\\s\\S]\n\
             After secret: \\z|[\\s\\S]\n"
        );
    }

    #[test]
    fn the_detect_secrets_plugin_names_vendor_and_pattern() {
        let plugin = scanner().detect_secrets_plugin();
        assert!(plugin.contains("secret_type = 'acme service-account token'"));
        assert!(plugin.contains(r"re.compile(r'acme_(?:sat|ses|sec)_[0-9A-Za-z]{60}', re.ASCII)"));
        assert!(!plugin.contains("{vendor}") && !plugin.contains("{pattern}"));
    }
}
