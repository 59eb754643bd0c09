//! The connection file that Jupyter writes for a kernel.

use std::path::Path;

use serde_json::Value;

/// Where the kernel listens and how messages are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Address of the interface, such as `127.0.0.1`.
    pub ip: String,
    /// Port of the request channel.
    pub shell: u16,
    /// Port of the channel for interrupt and shutdown.
    pub control: u16,
    /// Port on which the kernel asks the user for input.
    pub stdin: u16,
    /// Port of the publishing channel.
    pub iopub: u16,
    /// Port of the heartbeat.
    pub heartbeat: u16,
    /// The key of the signatures; empty turns them off.
    pub key: String,
}

impl Connection {
    /// Reads a connection file; the error is a sentence for the user.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read connection file {}: {error}", path.display()))?;
        Self::parse(&text)
            .map_err(|problem| format!("connection file {}: {problem}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if let Some(transport) = file["transport"].as_str().filter(|name| *name != "tcp") {
            return Err(format!("transport {transport:?} is not supported, only \"tcp\""));
        }
        let key = file["key"].as_str().unwrap_or_default().to_owned();
        match file["signature_scheme"].as_str() {
            None | Some("" | "hmac-sha256") => {}
            Some(_) if key.is_empty() => {}
            Some(other) => {
                return Err(format!(
                    "signature scheme {other:?} is not supported, only \"hmac-sha256\""
                ));
            }
        }
        let port = |name: &str| {
            file[name]
                .as_u64()
                .and_then(|port| u16::try_from(port).ok())
                .ok_or_else(|| format!("{name} must be a port number, got {}", file[name]))
        };
        Ok(Self {
            ip: file["ip"].as_str().unwrap_or("127.0.0.1").to_owned(),
            shell: port("shell_port")?,
            control: port("control_port")?,
            stdin: port("stdin_port")?,
            iopub: port("iopub_port")?,
            heartbeat: port("hb_port")?,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"ip": "127.0.0.1", "transport": "tcp", "key": "k",
        "signature_scheme": "hmac-sha256", "kernel_name": "esep",
        "shell_port": 1, "control_port": 2, "stdin_port": 3, "iopub_port": 4, "hb_port": 5}"#;

    #[test]
    fn a_connection_file_is_read() {
        let connection = Connection::parse(GOOD).unwrap();
        assert_eq!((connection.shell, connection.heartbeat), (1, 5));
        assert_eq!(connection.key, "k");
    }

    #[test]
    fn what_cannot_be_served_is_said() {
        let problem =
            |from: &str, to: &str| Connection::parse(&GOOD.replace(from, to)).unwrap_err();
        assert!(problem("\"tcp\"", "\"ipc\"").contains("transport \"ipc\" is not supported"));
        assert!(problem("sha256", "md5").contains("hmac-md5"));
        assert!(problem("\"iopub_port\": 4", "\"iopub_port\": 70000").contains("iopub_port"));
        assert!(problem("\"hb_port\"", "\"hb\"").contains("got null"));
        assert!(Connection::parse("").is_err());
        assert!(Connection::read(Path::new("no/such/file")).unwrap_err().contains("no/such/file"));
    }
}
