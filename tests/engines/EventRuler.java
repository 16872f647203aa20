import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;

/**
 * Answers Event Ruler's opinion of patterns. Each line of the input is a JSON object of a pattern, as text, and events;
 * each line of the output is {"refusal": why} or {"matches": [whether each event matches]}.
 */
@SuppressWarnings("deprecation") // newer versions build machines otherwise
public class EventRuler {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println(MAPPER.writeValueAsString(answer(MAPPER.readTree(line))));
        }
        answers.flush();
    }

    private static Object answer(JsonNode question) throws Exception {
        String pattern = question.get("pattern").asText();
        String refusal = JsonRuleCompiler.check(pattern);
        if (refusal != null) {
            return java.util.Map.of("refusal", refusal);
        }
        Machine machine = new Machine();
        try {
            machine.addRule("rule", pattern);
        } catch (RuntimeException error) { // what the check lets pass, such as anything-but of no prefix
            return java.util.Map.of("refusal", error.toString());
        }
        List<Boolean> matches = new ArrayList<>();
        for (JsonNode event : question.get("events")) {
            matches.add(!machine.rulesForJSONEvent(event.asText()).isEmpty());
        }
        return java.util.Map.of("matches", matches);
    }
}
