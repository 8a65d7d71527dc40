/** The build of hls.js without captions, encryption and separate sound, none of which our streams have; its types are those of the whole. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
