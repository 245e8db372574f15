//! HTTP by hand, so that a test sees each byte that came back; every request has a connection of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Client {
    address: String,
    token: Option<String>,
}

/// The instant so many seconds from now, as RFC 3339 has it.
pub(crate) fn in_seconds(seconds: i64) -> String {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let at = time::UtcDateTime::from_unix_timestamp(i64::try_from(now).unwrap() + seconds).unwrap();
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

impl Client {
    pub(crate) fn new(address: &str, token: Option<&str>) -> Self {
        Self { address: address.into(), token: token.map(Into::into) }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body))
    }

    /// A `POST` that has nothing to say but its path.
    pub(crate) fn ask(&self, path: &str) -> Answer {
        self.send("POST", path, None)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body).expect("the service answers")
    }

    /// Nothing where the connection breaks, as it does when the service is killed.
    pub(crate) fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let json = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let headers = format!("{json}content-length: {}\r\n", body.len());
        self.exchange(method, path, &headers, body.as_bytes())
    }

    /// With these header lines and body bytes, whatever they are.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.exchange(method, path, headers, body).expect("the service answers")
    }

    fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Option<Answer> {
        let bearer = self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{bearer}{headers}\r\n");
        self.bytes(&[head.as_bytes(), body].concat())
    }

    /// With these bytes for a request.
    pub(crate) fn bytes(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = self.connect()?;
        // A service that refuses early closes early; its answer counts, not what was left to send.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        if answer.is_empty() || read.is_err() && !has_all(&answer) { None } else { Answer::read(&answer) }
    }

    pub(crate) fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Some(stream)
    }
}

fn has_all(answer: &[u8]) -> bool {
    answer.windows(4).any(|end| end == b"\r\n\r\n")
}

/// A body that came in parts, each behind its length, until an empty one (RFC 9112 §7.1).
fn of_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|end| end == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend(rest.get(end + 2..end + 2 + length)?);
        rest = rest.get(end + 2 + length + 2..)?;
    }
}

/// An answer, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        let mut answer = Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = of_chunks(&answer.body)?;
        }
        Some(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    /// The code of a problem, after a look at all that makes it one.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        for field in ["type", "title", "detail"] {
            assert!(problem[field].is_string(), "{field} in {self:?}");
        }
        let code = problem["code"].as_str().expect("a code").to_owned();
        assert!(code.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{code}");
        code
    }

    /// All of it but the date.
    pub(crate) fn without_date(&self) -> Self {
        let headers = self.headers.iter().filter(|(name, _)| name != "date").cloned().collect();
        Self { headers, ..self.clone() }
    }
}
