import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/**
 * DynamoDB Local in memory, on loopback, on a port of its own choosing, until its standard input ends.
 *
 * Its own main class listens on every interface, cannot choose a port, sends telemetry unless told otherwise, and goes
 * on when whoever started it is gone.
 */
class DynamoDbLocal {
    private static final boolean IN_MEMORY = true, SHARED_BY_EVERY_KEY = false, SLOW_TABLES = false;

    public static void main(String[] none) throws Exception {
        var requests = new LocalDynamoDBRequestHandler(0, IN_MEMORY, null, SHARED_BY_EVERY_KEY, SLOW_TABLES);
        var server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.setHandler(new LocalDynamoDBServerHandler(requests, null));
        server.start();
        System.out.println("port " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        while (System.in.read() >= 0) {
        }
        System.exit(0);
    }
}
