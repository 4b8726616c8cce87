/* Sends the answer to the application; without scripts the button does the same. */
document.getElementById('answer').submit();
