//! Proxies of a few lines, each answering as its kind does.

use tokio::net::TcpListener;

use super::*;

/// A proxy that talks by `script`: what it expects, and what it says then. After that it sends back what comes.
async fn scripted(script: Vec<(Vec<u8>, Vec<u8>)>) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (expected, answer) in script {
            let mut heard = vec![0; expected.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&expected));
            stream.write_all(&answer).await.unwrap();
        }
        let (mut read, mut write) = stream.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    at
}

async fn echoes(proxy: &Proxy, target: &str) -> Result<(), ProxyError> {
    let mut stream = proxy.connect(&target.parse().unwrap()).await?;
    stream.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    Ok(())
}

fn proxy(text: &str, at: &Endpoint) -> Proxy {
    text.replace("AT", &at.to_string()).parse().unwrap()
}

#[tokio::test]
async fn http_connect_leads_through_and_nothing_of_the_peers_is_lost() {
    let ask = b"CONNECT bob.example:7000 HTTP/1.1\r\nHost: bob.example:7000\r\n\r\n".to_vec();
    let at = scripted(vec![(ask, b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n".to_vec())]).await;
    echoes(&proxy("http://AT", &at), "bob.example:7000").await.unwrap();
    let login = "Proxy-Authorization: Basic dXNlcjpwYTpzcw==\r\n";
    let ask = format!("CONNECT [fd00::6]:7000 HTTP/1.1\r\nHost: [fd00::6]:7000\r\n{login}\r\n");
    let at = scripted(vec![(ask.into_bytes(), b"HTTP/1.0 200 OK\r\n\r\n".to_vec())]).await;
    echoes(&proxy("http://user:pa:ss@AT", &at), "[fd00::6]:7000").await.unwrap();
}

#[tokio::test]
async fn what_a_proxy_refuses_is_told_in_its_words() {
    for answer in
        ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "\r\n\r\n"]
    {
        let at = scripted(vec![(Vec::new(), answer.into())]).await;
        let error = echoes(&proxy("http://AT", &at), "10.0.0.6:7000").await.unwrap_err().to_string();
        let said = answer.lines().next().unwrap();
        assert!(error.contains("does not lead there") && error.contains(said), "{error}");
    }
    let at = scripted(vec![(Vec::new(), vec![b'x'; PROXY_ANSWER_BYTES * 2])]).await;
    let error = echoes(&proxy("http://AT", &at), "10.0.0.6:7000").await.unwrap_err().to_string();
    assert!(error.contains("no end"), "{error}");
}

#[tokio::test]
async fn socks_leads_through_with_the_name_and_the_login() {
    let mut ask = vec![5, 1, 0, 3, 11];
    ask.extend(b"bob.example");
    ask.extend(7000_u16.to_be_bytes());
    let led = vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let at = scripted(vec![(vec![5, 1, 0], vec![5, 0]), (ask.clone(), led.clone())]).await;
    echoes(&proxy("socks5://AT", &at), "bob.example:7000").await.unwrap();
    let login = [&[1, 4][..], b"user", &[2], b"pw"].concat();
    let at = scripted(vec![(vec![5, 2, 0, 2], vec![5, 2]), (login, vec![1, 0]), (ask, led)]).await;
    echoes(&proxy("socks5://user:pw@AT", &at), "bob.example:7000").await.unwrap();
    let at = scripted(vec![(vec![5, 1, 0], vec![5, 0]), (vec![5], vec![5, 5, 0, 1, 0, 0, 0, 0, 0, 0])]).await;
    let error = echoes(&proxy("socks5://AT", &at), "10.0.0.6:7000").await.unwrap_err().to_string();
    assert!(error.contains("does not lead there"), "{error}");
}

#[test]
fn a_proxy_reads_back_and_its_password_is_shown_nowhere() {
    for text in ["socks5://proxy.example:1080", "http://[fd00::1]:3128"] {
        assert_eq!(text.parse::<Proxy>().unwrap().to_string(), text);
    }
    let secret: Proxy = "http://me:s3cr3t@proxy:3128".parse().unwrap();
    assert_eq!(secret.to_string(), "http://me:…@proxy:3128");
    assert!(!format!("{secret:?}").contains("s3cr3t"));
    let long = format!("socks5://{}:x@proxy:1080", "u".repeat(256));
    for bad in
        ["", "proxy:3128", "https://proxy:3128", "http://proxy", "socks5://a@proxy:1", "http://:x@a:1", &long]
    {
        assert_eq!(bad.parse::<Proxy>(), Err(NoProxy), "{bad}");
    }
    assert!(!"ftp://me:s3cr3t@a:1".parse::<Proxy>().unwrap_err().to_string().contains("s3cr3t"));
}
