use socket2::SockRef;
use tokio::net::TcpStream;

use super::*;

#[tokio::test]
async fn clients_that_do_not_read_lose_their_connection_in_time() {
    let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    client.unwrap();
    assert_eq!(SockRef::from(&accepted.unwrap().0).tcp_user_timeout().unwrap(), Some(UNREAD_MAX));
}
