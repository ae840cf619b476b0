/* Passkeys: hands the server's question to the browser and the browser's answer back in the form. */
(function () {
  "use strict";
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (sign) { return sign.charCodeAt(0); });
  }
  function text(buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function described(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }
  function asked(question) {
    var key = Object.assign({}, question.publicKey, { challenge: bytes(question.publicKey.challenge) });
    if (key.user) { key.user = Object.assign({}, key.user, { id: bytes(key.user.id) }); }
    if (key.excludeCredentials) { key.excludeCredentials = described(key.excludeCredentials); }
    if (key.allowCredentials) { key.allowCredentials = described(key.allowCredentials); }
    return { publicKey: key };
  }
  function answered(credential) {
    var given = { clientDataJSON: text(credential.response.clientDataJSON) };
    ["attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (part) {
      if (credential.response[part]) { given[part] = text(credential.response[part]); }
    });
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: given,
      clientExtensionResults: credential.getClientExtensionResults()
    });
  }
  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var button = form.querySelector("button[data-passkey-button]");
    var failed = form.querySelector("[data-passkey-failed]");
    if (!window.PublicKeyCredential) {
      failed.hidden = false;
      button.disabled = true;
      return;
    }
    button.addEventListener("click", function (event) {
      event.preventDefault();
      failed.hidden = true;
      var question = asked(JSON.parse(form.dataset.passkey));
      var adding = Boolean(question.publicKey.user);
      (adding ? navigator.credentials.create(question) : navigator.credentials.get(question)).then(function (given) {
        form.querySelector("input[name=passkey]").value = answered(given);
        form.submit();
      }).catch(function () {
        failed.hidden = false;
      });
    });
  });
})();
