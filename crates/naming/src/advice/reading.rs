//! A name read word by word.

use alloc::string::String;

use super::{
    NameAdviceCode,
    lexicon::{Lexicon, WordClass},
};
use crate::token_name::year;

/// What the words of a name amount to.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Letters and digits in all.
    pub(super) letters: usize,
    /// Whether a number that is no year stands at the end.
    pub(super) ends_in_number: bool,
    /// Words in no list: they mean something.
    unknown: usize,
    common: usize,
    generic: bool,
    vague: bool,
    environment: bool,
}

impl Reading {
    pub(super) fn new(name: &str, lexicon: &Lexicon) -> Self {
        let mut reading = Self::default();
        let mut word = String::new();
        for c in name.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && word.ends_with(char::is_lowercase)) {
                reading.add(&word, lexicon);
                word.clear();
            }
            if c.is_alphanumeric() {
                word.push(c);
            }
        }
        reading.add(&word, lexicon);
        reading
    }

    /// What the name as a whole lacks, the plainest reason first.
    pub(super) fn weakness(&self) -> Option<NameAdviceCode> {
        if self.unknown > 0 || self.common > 1 || (self.common == 1 && self.environment) {
            None
        } else if self.generic {
            Some(NameAdviceCode::TooGeneric)
        } else if self.vague {
            Some(NameAdviceCode::Vague)
        } else if self.environment {
            Some(NameAdviceCode::EnvironmentOnly)
        } else if self.common == 1 {
            Some(NameAdviceCode::OneWord)
        } else {
            Some(NameAdviceCode::NotDescriptive)
        }
    }

    fn add(&mut self, word: &str, lexicon: &Lexicon) {
        if word.is_empty() {
            return;
        }
        self.letters += word.chars().count();
        self.ends_in_number = false;
        let word = word.to_lowercase();
        // A number at the end of a known word is a number; `s3` and `k8s` are words of their own.
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if stem.is_empty() {
            self.ends_in_number = year(&word).is_none();
        } else if let Some(class) = lexicon.class(&word) {
            self.count(class);
        } else if let Some(class) = lexicon.class(stem) {
            self.count(class);
            self.ends_in_number = true;
        } else {
            self.unknown += 1;
        }
    }

    fn count(&mut self, class: WordClass) {
        match class {
            WordClass::Filler => {}
            WordClass::Generic => self.generic = true,
            WordClass::Vague => self.vague = true,
            WordClass::Environment => self.environment = true,
            WordClass::Common => self.common += 1,
        }
    }
}
