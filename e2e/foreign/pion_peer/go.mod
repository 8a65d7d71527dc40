module parlor/pion_peer

go 1.19
