use stun_types::message::{MessageClass, MessageType};

use super::*;

/// A server that says `before` and then what it sees.
async fn server(before: Vec<Vec<u8>>) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut buffer = [0; 100];
        let (bytes, client) = socket.recv_from(&mut buffer).await.unwrap();
        for datagram in before {
            socket.send_to(&datagram, client).await.unwrap();
        }
        let request = Message::from_bytes(&buffer[..bytes]).unwrap();
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        answer.add_attribute(&XorMappedAddress::new(client, request.transaction_id())).unwrap();
        socket.send_to(&answer.finish(), client).await.unwrap();
    });
    port
}

#[tokio::test]
async fn datagrams_that_are_no_answer_to_this_request_do_not_end_it() {
    let success = MessageType::from_class_method(MessageClass::Success, BINDING);
    let mut other = Message::builder(success, 7.into(), MessageWriteVec::new());
    other.add_attribute(&XorMappedAddress::new("198.51.100.1:9".parse().unwrap(), 7.into())).unwrap();
    let port = server(vec![b"stray".to_vec(), Vec::new(), other.finish()]).await;
    let mapped = mapped_address("127.0.0.1", port).await.unwrap();
    assert_eq!(mapped.ip(), Ipv4Addr::LOCALHOST);
}
