/** Sounds of several sources as one track. One source alone passes as it is. */
export class SoundMix {
  #context: AudioContext | undefined;

  /** The track that has them all; `null` where there is none. A mix made before ends. */
  of(tracks: readonly MediaStreamTrack[]): MediaStreamTrack | null {
    this.close();
    if (tracks.length < 2) return tracks[0] ?? null;
    const context = new AudioContext();
    this.#context = context;
    const mixed = context.createMediaStreamDestination();
    for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(mixed);
    return mixed.stream.getAudioTracks()[0] ?? null;
  }

  close(): void {
    void this.#context?.close();
    this.#context = undefined;
  }
}
