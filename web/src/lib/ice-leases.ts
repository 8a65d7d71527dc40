/** How connections of this call are made, for as long as the credentials for relays are good. */
import type { IceGrant } from './ice-servers';
import type { IceLease } from './peer-link';
import { filterIceServers, withoutUdpServers, type UrlParameters } from './url-parameters';

/** Credentials of the last five minutes are fresh enough for a restart. */
const FRESH_MS = 300_000;
/** The part of their lifetime after which credentials are renewed. */
const RENEW_AT = 0.9;

export interface IceLeasesOptions {
  parameters: UrlParameters;
  /** May reject; the old credentials are then used. */
  fetch: () => Promise<IceGrant>;
  /** The token may have expired during the call; coming back to our seat does not ask for it. */
  comeBack: () => void;
  /** Milliseconds since 1970. */
  now: () => number;
}

export class IceLeases {
  readonly #options: IceLeasesOptions;
  #grant: IceGrant = { servers: [], lifetimeMs: Infinity };
  #grantedAt = 0;

  constructor(options: IceLeasesOptions) {
    this.#options = options;
  }

  take(grant: IceGrant): void {
    this.#grant = grant;
    this.#grantedAt = this.#options.now();
  }

  lease(): IceLease {
    const { relayOnly, turnTransport } = this.#options.parameters;
    return {
      configuration: {
        iceServers: filterIceServers(this.#grant.servers, turnTransport),
        iceTransportPolicy: relayOnly ? 'relay' : 'all',
        bundlePolicy: 'max-bundle',
      },
      renewInMs: this.#grantedAt + this.#grant.lifetimeMs * RENEW_AT - this.#options.now(),
    };
  }

  /** The same for a connection to the media server. */
  forMedia(lease: IceLease): IceLease {
    if (this.#options.parameters.relayOnly) return lease;
    const { iceServers = [] } = lease.configuration;
    return { ...lease, configuration: { ...lease.configuration, iceServers: withoutUdpServers(iceServers) } };
  }

  /** With fresh credentials where there are any to be had. */
  async freshLease(): Promise<IceLease> {
    if (this.#options.now() - this.#grantedAt > Math.min(FRESH_MS, this.#grant.lifetimeMs / 2)) {
      const grant = await this.#options.fetch().catch(() => undefined);
      if (grant) this.take(grant);
      else if (this.lease().renewInMs <= 0) this.#options.comeBack();
    }
    return this.lease();
  }
}
