//! A DTLS 1.2 client for interoperability tests: dimpl with a pre-shared key and `TLS_PSK_WITH_AES_128_CCM_8`.
//! It speaks the record protocol of ../../README.md on stdin and stdout.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::exit;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, Output, PskResolver};

const DATAGRAM_BYTES_MAX: usize = 65_535;

struct Key(Vec<u8>);

impl PskResolver for Key {
    fn resolve(&self, _identity: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }
}

enum Event {
    Datagram(Vec<u8>),
    /// To be sent as one record.
    Line(Vec<u8>),
    EndOfInput,
}

fn main() {
    if let Err(reason) = run() {
        eprintln!("no session: {reason}");
        exit(1);
    }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let flags: HashMap<&str, &str> = words.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let flag = |name: &str| flags.get(name).copied().ok_or(format!("{name} is missing"));
    let number = |name: &str| flag(name)?.parse::<u64>().map_err(|error| format!("{name}: {error}"));
    if flag("-suite")? != "CCM_8" {
        return Err("dimpl's only suite with a pre-shared key is CCM_8".into());
    }
    let port = u16::try_from(number("-port")?).map_err(|error| error.to_string())?;
    let handshake_end = Instant::now() + Duration::from_millis(number("-within")?);
    let identity = flag("-identity")?.as_bytes().to_vec();
    let key = Key(decode_hex(flag("-psk")?)?);

    let config = Config::builder().with_psk_client(identity, Arc::new(key)).build().map_err(text)?;
    let mut dtls = Dtls::new_12_psk(Arc::new(config), Instant::now());
    dtls.set_active(true);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
    socket.connect((Ipv4Addr::LOCALHOST, port)).map_err(text)?;
    let (events, coming) = mpsc::channel();
    read_datagrams(socket.try_clone().map_err(text)?, events.clone());

    let mut events = Some(events);
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        dtls.handle_timeout(Instant::now()).map_err(text)?;
        let wake = loop {
            match dtls.poll_output(&mut buffer) {
                Output::Packet(datagram) => drop(socket.send(datagram)),
                Output::ApplicationData(record) => tell(record),
                Output::Connected => {
                    eprintln!("ready");
                    events.take().map(read_lines);
                }
                Output::CloseNotify => return Ok(()),
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::Timeout(at) => break at,
                _ => {}
            }
        };
        if events.is_some() && Instant::now() > handshake_end {
            return Err("not in time".into());
        }
        let wake = if events.is_some() { wake.min(handshake_end) } else { wake };
        match coming.recv_timeout(wake.saturating_duration_since(Instant::now())) {
            Ok(Event::Datagram(datagram)) => dtls.handle_packet(&datagram).map_err(text)?,
            Ok(Event::Line(record)) => drop(dtls.send_application_data(&record).map_err(text)?),
            Ok(Event::EndOfInput) => {
                dtls.close().map_err(text)?;
                while let Output::Packet(datagram) = dtls.poll_output(&mut buffer) {
                    drop(socket.send(datagram));
                }
                return Ok(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("its threads have ended".into()),
        }
    }
}

fn read_datagrams(socket: UdpSocket, events: Sender<Event>) {
    thread::spawn(move || {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            // An error tells of an ICMP message: nobody listened to an earlier datagram.
            if let Ok(count) = socket.recv(&mut buffer) {
                if events.send(Event::Datagram(buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        }
    });
}

fn read_lines(events: Sender<Event>) {
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(record) = decode_hex(&line) else { break };
            if events.send(Event::Line(record)).is_err() {
                return;
            }
        }
        let _ = events.send(Event::EndOfInput);
    });
}

fn tell(record: &[u8]) {
    let digits: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{digits}");
    let _ = std::io::stdout().flush();
}

fn decode_hex(digits: &str) -> Result<Vec<u8>, String> {
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2).unwrap_or(""), 16).map_err(text))
        .collect()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
