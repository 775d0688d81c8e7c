// Starts one mail server as the first argument (JSON) says, prints {"port": …}, then one line of JSON per message.
// Recipients that misbehave: refuse@ (550), defer@ (451), drop@ (the connection breaks after DATA), stall@ (never an answer).
import { SMTPServer } from 'smtp-server';

const { secure = false, tls = true, auth, key, cert, size, hideUtf8 = false } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

const server = new SMTPServer({
  secure,
  key,
  cert,
  size,
  hideSMTPUTF8: hideUtf8,
  logger: false,
  authOptional: !auth,
  disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(auth ? [] : ['AUTH'])],
  authMethods: auth?.methods,
  allowInsecureAuth: auth?.insecure ?? false,
  onAuth: (given, session, done) =>
    given.username === auth.user && given.password === auth.pass
      ? done(null, { user: given.username })
      : done(refusal(535, 'Wrong user or password')),
  onRcptTo: (address, session, done) => {
    if (address.address.startsWith('refuse@')) return done(refusal(550, 'No such person'));
    if (address.address.startsWith('defer@')) return done(refusal(451, 'Come back later'));
    if (address.address.startsWith('stall@')) return say({ stalled: address.address });
    done();
  },
  onData: (stream, session, done) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map((r) => r.address);
      if (to[0].startsWith('drop@')) {
        say({ dropped: to[0] });
        return server.connections.forEach((connection) => connection._socket.destroy());
      }
      if (stream.sizeExceeded) return done(refusal(552, 'Too large'));
      say({ from: session.envelope.mailFrom.address, to, user: session.user, secure: session.secure, data: Buffer.concat(chunks).toString('base64') });
      done();
    });
  },
});
server.on('error', (error) => process.stderr.write(`${error.message}\n`));
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
// The test holds the other end: when it goes, so does this.
process.stdin.resume().on('end', () => process.exit(0));
