package ai.determined.webhookd;

import ai.determined.webhookd.SignatureException.Problem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Checks Determined's signature headers and those of Standard Webhooks. A request may bear either family or
 * both; every family that it bears must be whole and right. Needs the JDK only. Thread-safe.
 */
public final class SignatureVerifier {
  /** What the signature vouches for: when the request was made, and the webhook-id header if it was there. */
  public static final class Verified {
    private final Instant timestamp;
    private final String eventId;

    Verified(Instant timestamp, String eventId) {
      this.timestamp = timestamp;
      this.eventId = eventId;
    }

    public Instant timestamp() {
      return timestamp;
    }

    /** The same for every repetition. */
    public Optional<String> eventId() {
      return Optional.ofNullable(eventId);
    }
  }

  private static final List<String> DETERMINED =
      List.of("X-Determined-AI-Signature-Timestamp", "X-Determined-AI-Signature");
  private static final List<String> STANDARD =
      List.of("webhook-timestamp", "webhook-signature", "webhook-id");
  private static final Pattern TIMESTAMP = Pattern.compile("[0-9]{1,12}");

  private final List<byte[]> keys = new ArrayList<>();
  private final Duration tolerance;
  private final Clock clock;

  /** Takes the signing key; during a rotation the new and the old one. Accepts five minutes before and after. */
  public SignatureVerifier(String... keys) {
    this(List.of(keys), Duration.ofMinutes(5), Clock.systemUTC());
  }

  public SignatureVerifier(List<String> keys, Duration tolerance, Clock clock) {
    if (keys.isEmpty() || keys.contains("")) {
      throw new IllegalArgumentException("a signing key is needed, and it must not be empty");
    }
    if (tolerance.isNegative()) {
      throw new IllegalArgumentException("the tolerance is " + tolerance + "; it must not be negative");
    }
    for (String key : keys) this.keys.add(key.getBytes(StandardCharsets.UTF_8));
    this.tolerance = tolerance;
    this.clock = clock;
  }

  /**
   * Returns what is vouched for.
   *
   * @param body the bytes as they came, before anything parsed them
   * @param headers names in any case, each with all its values, such as HttpExchange.getRequestHeaders()
   */
  public Verified verify(byte[] body, Map<String, List<String>> headers) throws SignatureException {
    Map<String, String> found = find(headers);
    List<List<String>> families = new ArrayList<>();
    for (List<String> family : List.of(DETERMINED, STANDARD)) {
      if (family.stream().anyMatch(found::containsKey)) families.add(family);
    }
    if (families.isEmpty()) {
      throw new SignatureException(
          Problem.MISSING_HEADER, "there is neither X-Determined-AI-Signature nor webhook-signature");
    }
    for (List<String> family : families) {
      for (String name : family) {
        if (!found.containsKey(name)) {
          throw new SignatureException(Problem.MISSING_HEADER, "header " + name + " is missing");
        }
      }
    }
    for (List<String> family : families) {
      String value = found.get(family.get(0));
      if (!TIMESTAMP.matcher(value).matches()) {
        throw new SignatureException(
            Problem.MALFORMED_HEADER,
            "header " + family.get(0) + " is \"" + value + "\", not a number of Unix seconds");
      }
    }
    for (List<String> family : families) {
      if (!isSigned(family, found, body)) {
        throw new SignatureException(
            Problem.WRONG_SIGNATURE,
            "header " + family.get(1) + " does not match: another key signed it, or the body or a header was"
                + " changed on its way");
      }
    }
    long now = clock.instant().getEpochSecond();
    for (List<String> family : families) {
      checkTime(family.get(0), now - Long.parseLong(found.get(family.get(0))));
    }
    Instant timestamp = Instant.ofEpochSecond(Long.parseLong(found.get(families.get(0).get(0))));
    return new Verified(timestamp, found.get("webhook-id"));
  }

  private static Map<String, String> find(Map<String, List<String>> headers) throws SignatureException {
    Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      String name = header.getKey();
      if (name == null) continue;
      if (!DETERMINED.stream().anyMatch(name::equalsIgnoreCase)
          && !STANDARD.stream().anyMatch(name::equalsIgnoreCase)) {
        continue;
      }
      for (String value : header.getValue()) {
        if (found.put(name, value) != null) {
          throw new SignatureException(Problem.DOUBLED_HEADER, "header " + name + " is there twice");
        }
      }
    }
    return found;
  }

  private boolean isSigned(List<String> family, Map<String, String> found, byte[] body) {
    boolean right = false;
    String timestamp = found.get(family.get(0));
    String signature = found.get(family.get(1));
    // Every key and every signature is compared, so that the time tells nothing of them.
    for (byte[] key : keys) {
      if (family == DETERMINED) {
        StringBuilder hex = new StringBuilder();
        for (byte b : hmac(key, timestamp + ",", body)) hex.append(String.format("%02x", b));
        right |= equal(hex.toString(), signature);
      } else {
        byte[] digest = hmac(key, found.get("webhook-id") + "." + timestamp + ".", body);
        String expected = "v1," + Base64.getEncoder().encodeToString(digest);
        for (String given : signature.split(" ")) right |= equal(expected, given);
      }
    }
    return right;
  }

  private void checkTime(String header, long age) throws SignatureException {
    String limit = "at most " + tolerance.getSeconds() + " s are accepted. ";
    if (age > tolerance.getSeconds()) {
      throw new SignatureException(
          Problem.STALE,
          "the signature is right but " + age + " s old, by " + header + "; " + limit
              + "Either the request is replayed, or a clock is wrong");
    }
    if (-age > tolerance.getSeconds()) {
      throw new SignatureException(
          Problem.FUTURE,
          "the signature is right but from " + -age + " s in the future, by " + header + "; " + limit
              + "Is this machine's clock slow?");
    }
  }

  private static byte[] hmac(byte[] key, String prefix, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(prefix.getBytes(StandardCharsets.UTF_8));
      return mac.doFinal(body);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static boolean equal(String expected, String given) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
  }
}
