/* What the browser does by itself: the menu of a phone, and the way back to the login when a session has ended. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  shell: {
    navbar: (opened, navbar) => ({ ...navbar, collapsed: { mobile: !opened } }),
    close: () => false,
  },
});

(function () {
  const ask = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const answer = await ask(...request);
    if (answer.status === 401) {
      window.location.assign("/login?next=" + encodeURIComponent(window.location.pathname + window.location.search));
    }
    return answer;
  };
})();
