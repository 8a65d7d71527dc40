/** The connections from member to member: who gets one, and which one takes what comes from the other side. */
import type { Channel } from './channel';
import type { IceLeases } from './ice-leases';
import type { Participant } from './participant';
import { AnotherSession, PeerLink, type OutgoingMedia } from './peer-link';
import type { SdpWishes } from './sdp';

export interface DirectLinksOptions {
  channel: Channel;
  leases: IceLeases;
  wishes: SdpWishes;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  find: (uid: string) => Participant | undefined;
  media: () => OutgoingMedia;
  /** Media passes the server: nobody new is connected to directly. */
  served: () => boolean;
}

export class DirectLinks {
  readonly #options: DirectLinksOptions;

  constructor(options: DirectLinksOptions) {
    this.#options = options;
  }

  connect(participant: Participant, offerer: boolean): PeerLink {
    const { channel, leases, wishes, createConnection, media } = this.#options;
    const link: PeerLink = new PeerLink({
      offerer,
      older: !participant.senior,
      dialect: participant.dialect.peek(),
      lease: leases.lease(),
      wishes,
      createConnection,
      send: (cmd, msg) => {
        if (participant.link.peek() === link && !participant.stale) channel.send({ cmd, remoteUid: participant.uid, msg });
      },
      freshLease: () => leases.freshLease(),
      // A path that breaks often takes the server connection along, which would notice much later.
      troubled: () => {
        if (participant.link.peek() === link) channel.probe();
      },
    });
    participant.replaceLink(link);
    void link.setMedia(media());
    return link;
  }

  /** A description or candidate of somebody; one step after the other. */
  receive(cmd: 'offer' | 'answer' | 'candidate', uid: string, msg: string): void {
    const participant = this.#options.find(uid);
    participant?.inOrder(async () => {
      if (this.#options.find(uid) === participant) await this.#take(participant, cmd, msg);
    });
  }

  /** What the present link cannot take is taken by a new one. */
  async #take(participant: Participant, cmd: 'offer' | 'answer' | 'candidate', msg: string): Promise<void> {
    // After a new start of the server the offer comes from a link that knows nothing of ours.
    const present = participant.stale ? undefined : participant.link.peek();
    if (cmd === 'answer' && !present) return;
    // A belated offer to talk directly: the room has turned to the server.
    if (!present && this.#options.served()) return;
    const link = present ?? this.connect(participant, false);
    if (cmd === 'candidate') {
      await link.candidate(msg);
      return;
    }
    const error: unknown = await link.description(msg).then(
      () => undefined,
      (reason: unknown) => reason ?? new Error('The description cannot be taken.'),
    );
    if (error === undefined || participant.link.peek() !== link) return;
    if (cmd === 'offer') await this.connect(participant, false).description(msg);
    else if (error instanceof AnotherSession) this.connect(participant, true);
    else void link.restart();
  }
}
