import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.Type;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.option.OpaqueOptionDefinition;
import org.eclipse.californium.core.coap.option.OptionDefinition;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.StringUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;

/**
 * A CoAP client for interoperability tests: Californium over Scandium, with or without connection ids (RFC 9146).
 * It speaks the line protocol of ../README.md on stdin and stdout. The handshake comes with the first request.
 */
public final class CaliforniumClient {

    private static final Map<String, CipherSuite> SUITES = Map.of(
            "CCM_8", CipherSuite.TLS_PSK_WITH_AES_128_CCM_8,
            "CBC_SHA256", CipherSuite.TLS_PSK_WITH_AES_128_CBC_SHA256);

    private final CoapEndpoint endpoint;
    private final InetSocketAddress server;
    private final long withinMillis;
    private volatile boolean established;

    private CaliforniumClient(CoapEndpoint endpoint, InetSocketAddress server, long withinMillis) {
        this.endpoint = endpoint;
        this.server = server;
        this.withinMillis = withinMillis;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> flags = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            flags.put(args[i], args[i + 1]);
        }
        long withinMillis = Long.parseLong(flags.getOrDefault("-within", "10000"));
        CoapEndpoint endpoint = endpoint(flags);
        endpoint.start();
        InetSocketAddress server = new InetSocketAddress(loopback(), Integer.parseInt(flags.get("-port")));
        CaliforniumClient client = new CaliforniumClient(endpoint, server, withinMillis);
        say("{\"event\":\"ready\"}");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String text = input.readLine(); text != null; text = input.readLine()) {
            say(client.exchange(text.split(" ")));
        }
        // Sends close_notify.
        endpoint.destroy();
        System.exit(0);
    }

    private static InetAddress loopback() throws Exception {
        return InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 });
    }

    private static CoapEndpoint endpoint(Map<String, String> flags) throws Exception {
        CoapConfig.register();
        DtlsConfig.register();
        int blockBytes = Integer.parseInt(flags.getOrDefault("-block", "1024"));
        Configuration configuration = new Configuration()
                .set(CoapConfig.PREFERRED_BLOCK_SIZE, blockBytes)
                .set(CoapConfig.MAX_MESSAGE_SIZE, blockBytes)
                .set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.CLIENT_ONLY)
                .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
                .setAsList(DtlsConfig.DTLS_CIPHER_SUITES, SUITES.get(flags.get("-suite")))
                // Unset, Scandium offers none; 0: it asks for none in the records to it, and uses the server's.
                .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, connectionIdLength(flags));
        DtlsConnectorConfig dtls = DtlsConnectorConfig.builder(configuration)
                .setAddress(new InetSocketAddress(loopback(), 0))
                .setAdvancedPskStore(new AdvancedSinglePskStore(
                        flags.get("-identity"), StringUtil.hex2ByteArray(flags.get("-psk"))))
                .build();
        return CoapEndpoint.builder()
                .setConfiguration(configuration)
                .setConnector(new DTLSConnector(dtls))
                .build();
    }

    private static Integer connectionIdLength(Map<String, String> flags) {
        int length = Integer.parseInt(flags.getOrDefault("-cid", "-1"));
        return length < 0 ? null : Integer.valueOf(length);
    }

    /** Carries out `METHOD path CON|NON payload|- [number=value …]`, payload and values in base64. */
    private String exchange(String[] words) {
        try {
            Request request = new Request(Code.valueOf(words[0]), Type.valueOf(words[2]));
            request.setURI("coaps://127.0.0.1:" + server.getPort() + words[1]);
            if (!words[3].equals("-")) {
                request.setPayload(Base64.getDecoder().decode(words[3]));
            }
            for (int i = 4; i < words.length; i++) {
                String[] option = words[i].split("=", 2);
                OptionDefinition number = new OpaqueOptionDefinition(Integer.parseInt(option[0]), option[0]);
                request.getOptions().addOption(new Option(number, Base64.getDecoder().decode(option[1])));
            }
            request.addMessageObserver(new MessageObserverAdapter() {
                @Override
                public void onContextEstablished(EndpointContext context) {
                    established = true;
                }
            });
            Response response = request.send(endpoint).waitForResponse(withinMillis);
            if (response != null) {
                return shown(response);
            }
            request.cancel();
            Throwable error = request.getSendError();
            return failed(error != null ? error.toString() : request.isRejected() ? "Reset" : "no response in time");
        } catch (InterruptedException | RuntimeException error) {
            return failed(error.toString());
        }
    }

    private static String shown(Response response) {
        StringJoiner options = new StringJoiner(",", "[", "]");
        for (Option option : response.getOptions().asSortedList()) {
            options.add("[\"" + option.getNumber() + "\",\"" + base64(option.getValue()) + "\"]");
        }
        return "{\"event\":\"response\",\"type\":\"" + response.getType() + "\",\"code\":\"" + response.getCode()
                + "\",\"options\":" + options + ",\"payload\":\"" + base64(response.getPayload()) + "\"}";
    }

    private String failed(String reason) {
        return "{\"event\":\"failed\",\"session\":" + established + ",\"reason\":\"" + reason.replaceAll("[^ -!#-\\[\\]-~]", "?") + "\"}";
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
