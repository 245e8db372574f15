//! Every date at −1, 0 and +1 s: what is said of it where a credential comes in, where somebody looks, and by upkeep.

mod dates;
mod lengths;
mod says;
mod subjects;
