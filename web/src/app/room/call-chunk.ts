/** The call and its page: loaded while people look at themselves in the lobby, so that the first page is small. */
export { CallPage } from '../call/CallPage';
export { startCall } from './start-call';
