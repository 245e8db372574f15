//! A receiver on a socket of its own, which does what a test says.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the receiver does with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// 200, and a short body.
    Takes,
    /// Another status.
    Answers(u16),
    /// A redirect to this port.
    SendsTo(u16),
    /// Reads the request and says nothing for as long as the connection stands.
    Hangs,
    /// Promises ten bytes, sends three and closes.
    BreaksOff,
    /// 200, and a body without end.
    Floods,
    /// 200, and one byte of the body each 20 ms.
    Drips,
}

/// A request as it came: the message's id, its headers and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    /// What is done first, and then for ever.
    manners: Arc<Mutex<(VecDeque<Manner>, Manner)>>,
}

impl Receiver {
    pub(crate) async fn new(manner: Manner) -> Self {
        Self::with([], manner).await
    }

    pub(crate) async fn with(first: impl IntoIterator<Item = Manner>, then: Manner) -> Self {
        let receiver = Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), then);
        receiver.manners.lock().unwrap().0.extend(first);
        receiver
    }

    pub(crate) fn on(listener: TcpListener, then: Manner) -> Self {
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            manners: Arc::new(Mutex::new((VecDeque::new(), then))),
        };
        let serving = receiver.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What was received, each message once, in the order of their first arrival.
    pub(crate) fn messages(&self) -> Vec<Received> {
        let mut known = std::collections::HashSet::new();
        self.received().into_iter().filter(|received| known.insert(received.id.clone())).collect()
    }

    /// Waits until so many different messages are here.
    pub(crate) async fn until(&self, count: usize) {
        for _ in 0..10_000 {
            if self.messages().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} messages after 100 s", self.messages().len());
    }

    async fn serve(&self, mut stream: TcpStream) {
        while let Some(received) = read(&mut stream).await {
            self.received.lock().unwrap().push(received);
            let manner = {
                let mut manners = self.manners.lock().unwrap();
                let then = manners.1;
                manners.0.pop_front().unwrap_or(then)
            };
            if answer(&mut stream, manner).await.is_none() {
                return;
            }
        }
    }
}

/// Answers; `None` where the connection is over.
async fn answer(stream: &mut TcpStream, manner: Manner) -> Option<()> {
    let plain = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
    match manner {
        Manner::Takes => stream.write_all(plain(200).as_bytes()).await.ok(),
        Manner::Answers(status) => stream.write_all(plain(status).as_bytes()).await.ok(),
        Manner::SendsTo(port) => {
            let head = format!("HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()
        }
        Manner::Hangs => {
            let mut nothing = [0; 1];
            let _ = stream.read(&mut nothing).await;
            None
        }
        Manner::BreaksOff => {
            stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc").await.ok()?;
            None
        }
        Manner::Floods => {
            stream.write_all(b"HTTP/1.1 200 X\r\n\r\n").await.ok()?;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            None
        }
        Manner::Drips => {
            stream.write_all(b"HTTP/1.1 200 X\r\n\r\n").await.ok()?;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            None
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let value = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
        line.split_once(": ").map(|(_, value)| value.to_owned())
    };
    let length: usize = value("content-length")?.parse().unwrap();
    let mut body = bytes.split_off(head_end);
    while body.len() < length {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => body.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
    Some(Received { id: value("webhook-id")?, body: String::from_utf8(body).unwrap(), head })
}
