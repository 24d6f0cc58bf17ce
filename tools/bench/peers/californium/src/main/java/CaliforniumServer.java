import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import javax.crypto.SecretKey;

import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.elements.util.StringUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.ConnectionId;
import org.eclipse.californium.scandium.dtls.HandshakeResultHandler;
import org.eclipse.californium.scandium.dtls.PskPublicInformation;
import org.eclipse.californium.scandium.dtls.PskSecretResult;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedPskStore;
import org.eclipse.californium.scandium.util.SecretUtil;
import org.eclipse.californium.scandium.util.ServerNames;

/**
 * A CoAP server on Californium: POST anywhere is answered with 2.04 and 40 bytes. See ../README.md for its lines.
 *
 * <pre>
 * CaliforniumServer PORT KEY      KEY is the pre-shared key of every identity, in hexadecimal digits
 * </pre>
 */
public final class CaliforniumServer {

    private static final int PAYLOAD_BYTES = 40;
    private static final int SESSIONS_MAX = 1_000_000;

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: CaliforniumServer PORT KEY");
            System.exit(2);
        }
        Configuration configuration = configuration();
        InetAddress loopback = InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 });
        DtlsConnectorConfig dtls = DtlsConnectorConfig.builder(configuration)
                .setAddress(new InetSocketAddress(loopback, Integer.parseInt(args[0])))
                .setAdvancedPskStore(new OneKey(StringUtil.hex2ByteArray(args[1])))
                .build();
        CoapServer server = new AnywhereServer(configuration);
        server.addEndpoint(CoapEndpoint.builder()
                .setConfiguration(configuration)
                .setConnector(new DTLSConnector(dtls))
                .build());
        server.start();
        System.out.println("ready " + System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        serveLines();
        System.exit(0);
    }

    /** What Californium's own load test server sets, where that differs from the defaults. */
    private static Configuration configuration() {
        CoapConfig.register();
        UdpConfig.register();
        DtlsConfig.register();
        return new Configuration()
                .set(CoapConfig.MAX_ACTIVE_PEERS, SESSIONS_MAX)
                .set(CoapConfig.MAX_PEER_INACTIVITY_PERIOD, 24, TimeUnit.HOURS)
                .set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP)
                .set(CoapConfig.PEERS_MARK_AND_SWEEP_MESSAGES, 16)
                .set(SystemConfig.HEALTH_STATUS_INTERVAL, 0, TimeUnit.SECONDS)
                .set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.SERVER_ONLY)
                .set(DtlsConfig.DTLS_MAX_CONNECTIONS, SESSIONS_MAX)
                .set(DtlsConfig.DTLS_STALE_CONNECTION_THRESHOLD, 24, TimeUnit.HOURS)
                .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6)
                .set(DtlsConfig.DTLS_RECEIVE_BUFFER_SIZE, 1_000_000)
                .set(DtlsConfig.DTLS_SEND_BUFFER_SIZE, 1_000_000)
                .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
                .setAsList(DtlsConfig.DTLS_CIPHER_SUITES,
                        CipherSuite.TLS_PSK_WITH_AES_128_CCM_8,
                        CipherSuite.TLS_PSK_WITH_AES_128_CBC_SHA256);
    }

    private static void serveLines() throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (line.equals("memory")) {
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                System.out.println("memory " + (runtime.totalMemory() - runtime.freeMemory()));
            }
        }
    }

    /** Its root resource stands for every path. */
    private static final class AnywhereServer extends CoapServer {

        AnywhereServer(Configuration configuration) {
            super(configuration);
        }

        @Override
        protected Resource createRoot() {
            return new Anywhere();
        }
    }

    private static final class Anywhere extends CoapResource {

        private final byte[] payload = new byte[PAYLOAD_BYTES];

        Anywhere() {
            super("");
            Arrays.fill(payload, (byte) 'r');
        }

        @Override
        public Resource getChild(String name) {
            return this;
        }

        @Override
        public void handlePOST(CoapExchange exchange) {
            exchange.respond(ResponseCode.CHANGED, payload);
        }
    }

    /** Every identity has the same key. */
    private static final class OneKey implements AdvancedPskStore {

        private final SecretKey key;

        OneKey(byte[] key) {
            this.key = SecretUtil.create(key, "PSK");
        }

        @Override
        public boolean hasEcdhePskSupported() {
            return false;
        }

        @Override
        public PskSecretResult requestPskSecretResult(ConnectionId cid, ServerNames serverNames,
                PskPublicInformation identity, String hmacAlgorithm, SecretKey otherSecret, byte[] seed,
                boolean useExtendedMasterSecret) {
            return new PskSecretResult(cid, identity, SecretUtil.create(key));
        }

        @Override
        public PskPublicInformation getIdentity(InetSocketAddress peer, ServerNames virtualHost) {
            return null;
        }

        @Override
        public void setResultHandler(HandshakeResultHandler resultHandler) {
            // Every answer comes at once.
        }
    }
}
