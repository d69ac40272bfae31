<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About SwiftMedSAM</source>
        <translation>Über SwiftMedSAM</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>Nur für Forschungszwecke. Kein Medizinprodukt.</translation>
    </message>
    <message>
        <source>Segments medical images on an ordinary computer, without a network.</source>
        <translation>Segmentiert medizinische Bilder auf einem gewöhnlichen Computer, ohne Netz.</translation>
    </message>
    <message>
        <source>Version {0}</source>
        <translation>Version {0}</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>Neuerungen</translation>
    </message>
    <message>
        <source>Opens a page in your browser. SwiftMedSAM itself connects to nothing.</source>
        <translation>Öffnet eine Seite im Browser. SwiftMedSAM selbst stellt keine Verbindung her.</translation>
    </message>
    <message>
        <source>Look for a newer version</source>
        <translation>Nach einer neueren Version sehen</translation>
    </message>
</context>
<context>
    <name>Accuracy</name>
    <message>
        <source>Known sources, other patients</source>
        <translation>Bekannte Quellen, andere Patienten</translation>
    </message>
    <message>
        <source>Sources never trained on</source>
        <translation>Quellen, mit denen nie trainiert wurde</translation>
    </message>
    <message>
        <source>Volumes, from a box in 3-D</source>
        <translation>Volumen, von einem 3D-Rahmen aus</translation>
    </message>
    <message>
        <source>Volumes, from a box on one slice</source>
        <translation>Volumen, vom Rahmen einer Schicht aus</translation>
    </message>
    <message>
        <source>Volumes never trained on, from a box in 3-D</source>
        <translation>Volumen, mit denen nie trainiert wurde, von einem 3D-Rahmen aus</translation>
    </message>
    <message>
        <source>Volumes never trained on, from a box on one slice</source>
        <translation>Volumen, mit denen nie trainiert wurde, vom Rahmen einer Schicht aus</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>Open recent</source>
        <translation>Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Segment</source>
        <translation>&amp;Segmentieren</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>&amp;Werkzeuge</translation>
    </message>
    <message>
        <source>&amp;Labels</source>
        <translation>&amp;Labels</translation>
    </message>
    <message>
        <source>Choose a label</source>
        <translation>Label wählen</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>Fensterung</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>&amp;Messen</translation>
    </message>
    <message>
        <source>&amp;Batch</source>
        <translation>Sta&amp;pel</translation>
    </message>
    <message>
        <source>M&amp;odel</source>
        <translation>M&amp;odell</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Open file…</source>
        <translation>Datei öffnen…</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>Ordner öffnen…</translation>
    </message>
    <message>
        <source>Open a sample</source>
        <translation>Beispiel öffnen</translation>
    </message>
    <message>
        <source>Import labels…</source>
        <translation>Labels importieren…</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>Projekt speichern</translation>
    </message>
    <message>
        <source>Save project as…</source>
        <translation>Projekt speichern unter…</translation>
    </message>
    <message>
        <source>Export labels…</source>
        <translation>Labels exportieren…</translation>
    </message>
    <message>
        <source>Export surface…</source>
        <translation>Oberfläche exportieren…</translation>
    </message>
    <message>
        <source>Export picture of the view…</source>
        <translation>Bild der Ansicht exportieren…</translation>
    </message>
    <message>
        <source>Close image</source>
        <translation>Bild schließen</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>Einstellungen…</translation>
    </message>
    <message>
        <source>Accept the mask</source>
        <translation>Maske übernehmen</translation>
    </message>
    <message>
        <source>Write the proposed mask into the active label</source>
        <translation>Die vorgeschlagene Maske in das aktive Label schreiben</translation>
    </message>
    <message>
        <source>Reject the mask</source>
        <translation>Maske verwerfen</translation>
    </message>
    <message>
        <source>Drop the proposed mask</source>
        <translation>Die vorgeschlagene Maske verwerfen</translation>
    </message>
    <message>
        <source>Remove the points</source>
        <translation>Punkte entfernen</translation>
    </message>
    <message>
        <source>Go back to what the box alone proposes</source>
        <translation>Zurück zu dem, was der Rahmen allein ergibt</translation>
    </message>
    <message>
        <source>Carry through the slices</source>
        <translation>Durch die Schichten fortsetzen</translation>
    </message>
    <message>
        <source>Carry the mask both ways until the object ends</source>
        <translation>Die Maske in beide Richtungen fortsetzen, bis das Objekt endet</translation>
    </message>
    <message>
        <source>Fill a 3-D box…</source>
        <translation>3D-Rahmen füllen…</translation>
    </message>
    <message>
        <source>Segment inside the box over a range of slices</source>
        <translation>Im Rahmen über mehrere Schichten segmentieren</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Stop what is running and keep what is done</source>
        <translation>Anhalten und behalten, was fertig ist</translation>
    </message>
    <message>
        <source>Draw a box with the keyboard</source>
        <translation>Rahmen mit der Tastatur zeichnen</translation>
    </message>
    <message>
        <source>Arrow keys move the box, with Shift they change its size</source>
        <translation>Die Pfeiltasten verschieben den Rahmen, mit Umschalt ändern sie seine Größe</translation>
    </message>
    <message>
        <source>Next slice without a mask</source>
        <translation>Nächste Schicht ohne Maske</translation>
    </message>
    <message>
        <source>Next doubtful slice</source>
        <translation>Nächste zweifelhafte Schicht</translation>
    </message>
    <message>
        <source>Go to the next slice whose mask deserves a second look</source>
        <translation>Zur nächsten Schicht, deren Maske einen zweiten Blick verdient</translation>
    </message>
    <message>
        <source>Move the crosshair</source>
        <translation>Fadenkreuz bewegen</translation>
    </message>
    <message>
        <source>Brightness and contrast</source>
        <translation>Fensterung</translation>
    </message>
    <message>
        <source>Drag up or down for brightness, sideways for contrast</source>
        <translation>Auf und ab ziehen für Helligkeit, seitwärts für Kontrast</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>Rahmen</translation>
    </message>
    <message>
        <source>Drag a box round an object; the mask follows</source>
        <translation>Einen Rahmen um ein Objekt ziehen; die Maske folgt</translation>
    </message>
    <message>
        <source>Point</source>
        <translation>Punkt</translation>
    </message>
    <message>
        <source>Click what belongs to the object, or what does not</source>
        <translation>Anklicken, was zum Objekt gehört oder was nicht</translation>
    </message>
    <message>
        <source>Points take away</source>
        <translation>Punkte nehmen weg</translation>
    </message>
    <message>
        <source>Points mark what does not belong to the object</source>
        <translation>Punkte markieren, was nicht zum Objekt gehört</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pinsel</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>Radierer</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>Lasso</translation>
    </message>
    <message>
        <source>Paint a ball in 3-D</source>
        <translation>Mit einer 3D-Kugel malen</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Größerer Pinsel</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Kleinerer Pinsel</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>Label hinzufügen</translation>
    </message>
    <message>
        <source>Rename the label…</source>
        <translation>Label umbenennen…</translation>
    </message>
    <message>
        <source>Colour of the label…</source>
        <translation>Farbe des Labels…</translation>
    </message>
    <message>
        <source>Remove the label</source>
        <translation>Label entfernen</translation>
    </message>
    <message>
        <source>Lock the label</source>
        <translation>Label sperren</translation>
    </message>
    <message>
        <source>A locked label is never painted over</source>
        <translation>Ein gesperrtes Label wird nie übermalt</translation>
    </message>
    <message>
        <source>Show the label</source>
        <translation>Label anzeigen</translation>
    </message>
    <message>
        <source>Next label</source>
        <translation>Nächstes Label</translation>
    </message>
    <message>
        <source>Previous label</source>
        <translation>Vorheriges Label</translation>
    </message>
    <message>
        <source>Label {number}</source>
        <translation>Label {number}</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>Löcher füllen</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>Größten Teil behalten</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>Glätten</translation>
    </message>
    <message>
        <source>Fill the slices between</source>
        <translation>Zwischenschichten füllen</translation>
    </message>
    <message>
        <source>Work out the label in empty slices from the slices on both sides</source>
        <translation>Das Label leerer Schichten aus den Schichten auf beiden Seiten berechnen</translation>
    </message>
    <message>
        <source>Copy to the next slice</source>
        <translation>In die nächste Schicht kopieren</translation>
    </message>
    <message>
        <source>Copy to the previous slice</source>
        <translation>In die vorherige Schicht kopieren</translation>
    </message>
    <message>
        <source>Clear the label in this slice</source>
        <translation>Label in dieser Schicht löschen</translation>
    </message>
    <message>
        <source>Axial</source>
        <translation>Axial</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>Koronar</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>Sagittal</translation>
    </message>
    <message>
        <source>All planes</source>
        <translation>Alle Ebenen</translation>
    </message>
    <message>
        <source>Fit to the window</source>
        <translation>An Fenster anpassen</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Outlines only</source>
        <translation>Nur Umrisse</translation>
    </message>
    <message>
        <source>Stronger labels</source>
        <translation>Labels kräftiger</translation>
    </message>
    <message>
        <source>Fainter labels</source>
        <translation>Labels schwächer</translation>
    </message>
    <message>
        <source>Text in the corners</source>
        <translation>Text in den Ecken</translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation>Fadenkreuz</translation>
    </message>
    <message>
        <source>Smooth pixels</source>
        <translation>Pixel glätten</translation>
    </message>
    <message>
        <source>Invert grey</source>
        <translation>Graustufen invertieren</translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation>Nächste Schicht</translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation>Vorherige Schicht</translation>
    </message>
    <message>
        <source>Brightness as in the file</source>
        <translation>Fensterung wie in der Datei</translation>
    </message>
    <message>
        <source>Brightness preset {number}</source>
        <translation>Fensterung {number}</translation>
    </message>
    <message>
        <source>3-D surface</source>
        <translation>3D-Oberfläche</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>Seitenleisten</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
    <message>
        <source>Show the measures</source>
        <translation>Messwerte anzeigen</translation>
    </message>
    <message>
        <source>Copy measurements</source>
        <translation>Messwerte kopieren</translation>
    </message>
    <message>
        <source>Save measurements…</source>
        <translation>Messwerte speichern…</translation>
    </message>
    <message>
        <source>Compare with other labels…</source>
        <translation>Mit anderen Labels vergleichen…</translation>
    </message>
    <message>
        <source>End the comparison</source>
        <translation>Vergleich beenden</translation>
    </message>
    <message>
        <source>Segment a folder…</source>
        <translation>Ordner segmentieren…</translation>
    </message>
    <message>
        <source>Model and device…</source>
        <translation>Modell und Gerät…</translation>
    </message>
    <message>
        <source>Import a model…</source>
        <translation>Modell importieren…</translation>
    </message>
    <message>
        <source>Measure the speed</source>
        <translation>Geschwindigkeit messen</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasten und Maus</translation>
    </message>
    <message>
        <source>Find an action…</source>
        <translation>Befehl suchen…</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>Benutzerhandbuch</translation>
    </message>
    <message>
        <source>About the image</source>
        <translation>Über das Bild</translation>
    </message>
    <message>
        <source>Findings about the image</source>
        <translation>Hinweise zum Bild</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>Problem report…</source>
        <translation>Problembericht…</translation>
    </message>
    <message>
        <source>About SwiftMedSAM</source>
        <translation>Über SwiftMedSAM</translation>
    </message>
</context>
<context>
    <name>Acts</name>
    <message>
        <source>Fill holes</source>
        <translation>Löcher füllen</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>Größten Teil behalten</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>Glätten</translation>
    </message>
    <message>
        <source>Interpolate between slices</source>
        <translation>Zwischen Schichten interpolieren</translation>
    </message>
    <message>
        <source>Copy to the next slice</source>
        <translation>In die nächste Schicht kopieren</translation>
    </message>
    <message>
        <source>Clear the slice</source>
        <translation>Schicht leeren</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>Radieren</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>Malen</translation>
    </message>
    <message>
        <source>Carry a mask</source>
        <translation>Maske fortsetzen</translation>
    </message>
    <message>
        <source>Carry a mask through the volume</source>
        <translation>Maske durch das Volumen fortsetzen</translation>
    </message>
    <message>
        <source>Correct a mask</source>
        <translation>Maske korrigieren</translation>
    </message>
    <message>
        <source>Accept a mask</source>
        <translation>Maske übernehmen</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>Label hinzufügen</translation>
    </message>
    <message>
        <source>Rename a label</source>
        <translation>Label umbenennen</translation>
    </message>
    <message>
        <source>Recolour a label</source>
        <translation>Label umfärben</translation>
    </message>
    <message>
        <source>Lock a label</source>
        <translation>Label sperren</translation>
    </message>
    <message>
        <source>Unlock a label</source>
        <translation>Label entsperren</translation>
    </message>
    <message>
        <source>Show a label</source>
        <translation>Label einblenden</translation>
    </message>
    <message>
        <source>Hide a label</source>
        <translation>Label ausblenden</translation>
    </message>
    <message>
        <source>Remove a label</source>
        <translation>Label entfernen</translation>
    </message>
    <message>
        <source>Import labels</source>
        <translation>Labels importieren</translation>
    </message>
    <message>
        <source>Take the labels of a batch</source>
        <translation>Labels eines Stapels übernehmen</translation>
    </message>
</context>
<context>
    <name>Asks</name>
    <message>
        <source>Open image or project</source>
        <translation>Bild oder Projekt öffnen</translation>
    </message>
    <message>
        <source>Open folder with images</source>
        <translation>Ordner mit Bildern öffnen</translation>
    </message>
    <message>
        <source>Choose a label map</source>
        <translation>Labelkarte wählen</translation>
    </message>
    <message>
        <source>Choose a model package</source>
        <translation>Modellpaket wählen</translation>
    </message>
    <message>
        <source>Model packages (*.zip)</source>
        <translation>Modellpakete (*.zip)</translation>
    </message>
    <message>
        <source>Choose the folder of a model package</source>
        <translation>Ordner eines Modellpakets wählen</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>Projekt speichern</translation>
    </message>
    <message>
        <source>SwiftMedSAM projects (*.swiftmed)</source>
        <translation>SwiftMedSAM-Projekte (*.swiftmed)</translation>
    </message>
    <message>
        <source>Export labels</source>
        <translation>Labels exportieren</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>Bild exportieren</translation>
    </message>
    <message>
        <source>PNG pictures (*.png)</source>
        <translation>PNG-Bilder (*.png)</translation>
    </message>
    <message>
        <source>Save the measures</source>
        <translation>Messwerte speichern</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>Tabellen (*.csv)</translation>
    </message>
    <message>
        <source>Save the problem report</source>
        <translation>Problembericht speichern</translation>
    </message>
    <message>
        <source>Text files (*.txt)</source>
        <translation>Textdateien (*.txt)</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>Nicht gespeicherte Änderungen</translation>
    </message>
    <message>
        <source>The labels of “{0}” have changed since they were last saved.</source>
        <translation>Die Labels von „{0}“ wurden seit dem letzten Speichern geändert.</translation>
    </message>
    <message>
        <source>Recover your work</source>
        <translation>Arbeit wiederherstellen</translation>
    </message>
    <message>
        <source>The program ended last time before this was saved:</source>
        <translation>Das Programm wurde beim letzten Mal beendet, bevor dies gespeichert war:</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Ask me later</source>
        <translation>Später fragen</translation>
    </message>
    <message>
        <source>That did not succeed</source>
        <translation>Das ist nicht gelungen</translation>
    </message>
    <message>
        <source>Something unexpected happened: {0}</source>
        <translation>Etwas Unerwartetes ist geschehen: {0}</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>“{0}” exists already. Replace it?</source>
        <translation>„{0}“ gibt es schon. Ersetzen?</translation>
    </message>
</context>
<context>
    <name>Batch</name>
    <message>
        <source>All results</source>
        <translation>Alle Ergebnisse</translation>
    </message>
    <message>
        <source>Doubtful ones</source>
        <translation>Zweifelhafte</translation>
    </message>
    <message>
        <source>Without a mark</source>
        <translation>Ohne Vermerk</translation>
    </message>
    <message>
        <source>Accepted ones</source>
        <translation>Angenommene</translation>
    </message>
    <message>
        <source>Rejected ones</source>
        <translation>Verworfene</translation>
    </message>
    <message>
        <source>Reviewed ones</source>
        <translation>Gesehene</translation>
    </message>
    <message>
        <source>found</source>
        <translation>gefunden</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>in Arbeit</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation>zweifelhaft</translation>
    </message>
    <message>
        <source>was there already</source>
        <translation>war schon da</translation>
    </message>
    <message>
        <source>no box</source>
        <translation>kein Rahmen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>reviewed</source>
        <translation>gesehen</translation>
    </message>
    <message>
        <source>accepted</source>
        <translation>angenommen</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>verworfen</translation>
    </message>
    <message>
        <source>A file with boxes (JSON or CSV)</source>
        <translation>Eine Datei mit Rahmen (JSON oder CSV)</translation>
    </message>
    <message>
        <source>Around the labels of reference masks</source>
        <translation>Um die Labels von Referenzmasken</translation>
    </message>
    <message>
        <source>Around the regions of DICOM structure sets</source>
        <translation>Um die Regionen von DICOM-Struktursätzen</translation>
    </message>
    <message>
        <source>Those inside the NPZ files</source>
        <translation>Die in den NPZ-Dateien</translation>
    </message>
    <message>
        <source>Those drawn in the open image</source>
        <translation>Die im offenen Bild gezeichneten</translation>
    </message>
    <message>
        <source>At the same place in millimetres</source>
        <translation>Am selben Ort in Millimetern</translation>
    </message>
    <message>
        <source>At the same part of the image</source>
        <translation>Im selben Teil des Bildes</translation>
    </message>
    <message>
        <source>Keep them and skip the case</source>
        <translation>Behalten und den Fall überspringen</translation>
    </message>
    <message>
        <source>Replace them</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Keep them and number the new ones</source>
        <translation>Behalten und neue nummerieren</translation>
    </message>
</context>
<context>
    <name>BatchAsks</name>
    <message>
        <source>Folder of the images</source>
        <translation>Ordner der Bilder</translation>
    </message>
    <message>
        <source>Folder of the masks</source>
        <translation>Ordner der Masken</translation>
    </message>
    <message>
        <source>Folder that the boxes are taken from</source>
        <translation>Ordner, aus dem die Rahmen stammen</translation>
    </message>
    <message>
        <source>Choose a file with boxes</source>
        <translation>Datei mit Rahmen wählen</translation>
    </message>
    <message>
        <source>Boxes (*.json *.csv)</source>
        <translation>Rahmen (*.json *.csv)</translation>
    </message>
    <message>
        <source>Batches (*{0})</source>
        <translation>Stapel (*{0})</translation>
    </message>
    <message>
        <source>Open a batch</source>
        <translation>Stapel öffnen</translation>
    </message>
    <message>
        <source>Unfinished batch</source>
        <translation>Unvollendeter Stapel</translation>
    </message>
    <message>
        <source>The program ended before this batch was finished:</source>
        <translation>Das Programm endete, bevor dieser Stapel fertig war:</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>Liegen lassen</translation>
    </message>
    <message>
        <source>Ask me later</source>
        <translation>Später fragen</translation>
    </message>
</context>
<context>
    <name>BatchController</name>
    <message>
        <source>A batch is at work. End the program now? The next start offers to go on with it.</source>
        <translation>Ein Stapel ist in Arbeit. Das Programm jetzt beenden? Der nächste Start bietet an, ihn fortzusetzen.</translation>
    </message>
    <message>
        <source>Segment a folder</source>
        <translation>Ordner segmentieren</translation>
    </message>
</context>
<context>
    <name>BatchLeftController</name>
    <message>
        <source>Not finished: {0}</source>
        <translation>Nicht fertig: {0}</translation>
    </message>
    <message>
        <source>“{0}”, {1} of {2} cases finished</source>
        <translation>„{0}“, {1} von {2} Fällen fertig</translation>
    </message>
</context>
<context>
    <name>BatchReviewPanel</name>
    <message>
        <source>Which results are shown</source>
        <translation>Welche Ergebnisse gezeigt werden</translation>
    </message>
    <message>
        <source>Results appear here as they are made.</source>
        <translation>Hier erscheinen Ergebnisse, sobald sie da sind.</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>Annehmen</translation>
    </message>
    <message>
        <source>Mark as accepted (A)</source>
        <translation>Als angenommen vermerken (A)</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Mark as rejected (R)</source>
        <translation>Als verworfen vermerken (R)</translation>
    </message>
    <message>
        <source>Reviewed</source>
        <translation>Gesehen</translation>
    </message>
    <message>
        <source>Mark as reviewed (V)</source>
        <translation>Als gesehen vermerken (V)</translation>
    </message>
    <message>
        <source>No mark</source>
        <translation>Kein Vermerk</translation>
    </message>
    <message>
        <source>Take the mark away (Backspace)</source>
        <translation>Vermerk entfernen (Rücktaste)</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open the case with its mask (Enter)</source>
        <translation>Fall mit seiner Maske öffnen (Eingabetaste)</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>{0} of {1} marked</source>
        <translation>{0} von {1} vermerkt</translation>
    </message>
</context>
<context>
    <name>BatchSetupController</name>
    <message>
        <source>Looking for images…</source>
        <translation>Bilder werden gesucht…</translation>
    </message>
    <message>
        <source>1 image was found</source>
        <translation>1 Bild gefunden</translation>
    </message>
    <message>
        <source>{0} images were found</source>
        <translation>{0} Bilder gefunden</translation>
    </message>
    <message>
        <source>1 is damaged</source>
        <translation>1 ist beschädigt</translation>
    </message>
    <message>
        <source>{0} are damaged</source>
        <translation>{0} sind beschädigt</translation>
    </message>
    <message>
        <source>1 other file was passed over</source>
        <translation>1 andere Datei übergangen</translation>
    </message>
    <message>
        <source>{0} other files were passed over</source>
        <translation>{0} andere Dateien übergangen</translation>
    </message>
    <message>
        <source>No image is open in the main window.</source>
        <translation>Im Hauptfenster ist kein Bild offen.</translation>
    </message>
    <message>
        <source>Nothing was drawn and accepted in the open image.</source>
        <translation>Im offenen Bild wurde nichts gezeichnet und übernommen.</translation>
    </message>
    <message>
        <source>1 box or set of clicks: {0}</source>
        <translation>1 Rahmen oder Gruppe von Klicks: {0}</translation>
    </message>
    <message>
        <source>{1} boxes or sets of clicks: {0}</source>
        <translation>{1} Rahmen oder Gruppen von Klicks: {0}</translation>
    </message>
    <message>
        <source>{0} more cannot be told apart and are left out.</source>
        <translation>{0} weitere sind nicht zuzuordnen und bleiben weg.</translation>
    </message>
    <message>
        <source>Choose the folder of the images.</source>
        <translation>Wählen Sie den Ordner der Bilder.</translation>
    </message>
    <message>
        <source>No image has been found yet.</source>
        <translation>Noch wurde kein Bild gefunden.</translation>
    </message>
    <message>
        <source>Draw a box in the main window and accept its mask.</source>
        <translation>Zeichnen Sie im Hauptfenster einen Rahmen und übernehmen Sie seine Maske.</translation>
    </message>
    <message>
        <source>Choose where the boxes come from.</source>
        <translation>Wählen Sie, woher die Rahmen kommen.</translation>
    </message>
    <message>
        <source>Choose the folder of the masks.</source>
        <translation>Wählen Sie den Ordner der Masken.</translation>
    </message>
    <message>
        <source>Images and masks need different folders.</source>
        <translation>Bilder und Masken brauchen verschiedene Ordner.</translation>
    </message>
</context>
<context>
    <name>BatchSetupPanel</name>
    <message>
        <source>Where the boxes come from</source>
        <translation>Woher die Rahmen kommen</translation>
    </message>
    <message>
        <source>Where the boxes lie in other images</source>
        <translation>Wo die Rahmen in anderen Bildern liegen</translation>
    </message>
    <message>
        <source>What happens to masks that are there already</source>
        <translation>Was mit schon vorhandenen Masken geschieht</translation>
    </message>
    <message>
        <source>Carry a box in one slice through the volume</source>
        <translation>Einen Rahmen einer Schicht durch das Volumen fortsetzen</translation>
    </message>
    <message>
        <source>Keep the largest part alone</source>
        <translation>Nur den größten Teil behalten</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>Löcher füllen</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Start the batch</source>
        <translation>Stapel beginnen</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Folder of the images</source>
        <translation>Ordner der Bilder</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>Rahmen</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>File or folder of the boxes</source>
        <translation>Datei oder Ordner der Rahmen</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Lage</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>Masken</translation>
    </message>
    <message>
        <source>Folder of the masks</source>
        <translation>Ordner der Masken</translation>
    </message>
    <message>
        <source>Write masks as {0}</source>
        <translation>Masken als {0} schreiben</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>Formate</translation>
    </message>
    <message>
        <source>Without a format: PNG for pictures, NPZ for NPZ files, otherwise NIfTI.</source>
        <translation>Ohne Format: PNG für Einzelbilder, NPZ für NPZ-Dateien, sonst NIfTI.</translation>
    </message>
    <message>
        <source>Existing</source>
        <translation>Vorhandene</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>Optionen</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
    <message>
        <source>Browse: {0}</source>
        <translation>Durchsuchen: {0}</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
</context>
<context>
    <name>BatchWindow</name>
    <message>
        <source>Segment a folder</source>
        <translation>Ordner segmentieren</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>Was nicht stimmt</translation>
    </message>
    <message>
        <source>Open a batch…</source>
        <translation>Stapel öffnen…</translation>
    </message>
    <message>
        <source>Open the file of an earlier batch</source>
        <translation>Die Datei eines früheren Stapels öffnen</translation>
    </message>
    <message>
        <source>New batch</source>
        <translation>Neuer Stapel</translation>
    </message>
    <message>
        <source>Prepare another batch</source>
        <translation>Einen weiteren Stapel vorbereiten</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>&amp;Cases</source>
        <translation>&amp;Fälle</translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation>D&amp;urchsicht</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Axial</source>
        <translation>Axial</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>Koronar</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>Sagittal</translation>
    </message>
    <message>
        <source>W {0}  L {1}</source>
        <translation>W {0}  L {1}</translation>
    </message>
    <message>
        <source>approximate</source>
        <translation>ungefähr</translation>
    </message>
    <message>
        <source>{0} mm</source>
        <translation>{0} mm</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>{0} slice {1} of {2}</source>
        <translation>{0}, Schicht {1} von {2}</translation>
    </message>
    <message>
        <source>Score {0}, doubtful</source>
        <translation>Güte {0}, zweifelhaft</translation>
    </message>
    <message>
        <source>Score {0}</source>
        <translation>Güte {0}</translation>
    </message>
</context>
<context>
    <name>CaseModel</name>
    <message>
        <source>Case</source>
        <translation>Fall</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>Sekunden</translation>
    </message>
    <message>
        <source>Mark</source>
        <translation>Vermerk</translation>
    </message>
</context>
<context>
    <name>CaseTable</name>
    <message>
        <source>Cases</source>
        <translation>Fälle</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Find an action</source>
        <translation>Befehl suchen</translation>
    </message>
    <message>
        <source>Type what you want to do</source>
        <translation>Eingeben, was Sie tun möchten</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>Befehle</translation>
    </message>
</context>
<context>
    <name>Context</name>
    <message>
        <source>{0} at ({1})</source>
        <translation>{0} bei ({1})</translation>
    </message>
</context>
<context>
    <name>DiagnosticsController</name>
    <message>
        <source>Something is being saved: try again in a moment.</source>
        <translation>Es wird gerade etwas gespeichert: Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>Gespeichert: {0}</translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Slices</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Measures</source>
        <translation>Messwerte</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>Hinweise</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
</context>
<context>
    <name>EditController</name>
    <message>
        <source>“{0}” has nothing in this slice to copy.</source>
        <translation>„{0}“ hat in dieser Schicht nichts zu kopieren.</translation>
    </message>
    <message>
        <source>Locked labels were left as they are.</source>
        <translation>Gesperrte Labels blieben unverändert.</translation>
    </message>
    <message>
        <source>A label is still being changed: try again in a moment.</source>
        <translation>Ein Label wird noch geändert: Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>“{0}” is empty.</source>
        <translation>„{0}“ ist leer.</translation>
    </message>
    <message>
        <source>“{0}” was changed meanwhile: try again.</source>
        <translation>„{0}“ wurde inzwischen geändert: bitte erneut versuchen.</translation>
    </message>
    <message>
        <source>Nothing had to be changed.</source>
        <translation>Es war nichts zu ändern.</translation>
    </message>
    <message>
        <source>Add a label first.</source>
        <translation>Bitte zuerst ein Label hinzufügen.</translation>
    </message>
    <message>
        <source>The label “{0}” is locked. Unlock it or choose another one.</source>
        <translation>Das Label „{0}“ ist gesperrt. Entsperren Sie es oder wählen Sie ein anderes.</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>The label map on the grid of the image.</source>
        <translation>Die Labelkarte auf dem Raster des Bildes.</translation>
    </message>
    <message>
        <source>Refers to the DICOM series that is open, whose files must still be there.</source>
        <translation>Verweist auf die geöffnete DICOM-Serie, deren Dateien noch vorhanden sein müssen.</translation>
    </message>
    <message>
        <source>NRRD segmentation</source>
        <translation>NRRD-Segmentierung</translation>
    </message>
    <message>
        <source>An array “segs” as the challenge wants it, without place or size of voxels.</source>
        <translation>Ein Feld „segs“, wie es der Wettbewerb verlangt, ohne Lage und Größe der Voxel.</translation>
    </message>
    <message>
        <source>Grey values are the numbers of the labels.</source>
        <translation>Die Grauwerte sind die Nummern der Labels.</translation>
    </message>
    <message>
        <source>One smoothed surface around all chosen labels.</source>
        <translation>Eine geglättete Oberfläche um alle gewählten Labels.</translation>
    </message>
    <message>
        <source>Smoothed surfaces, a group for each label.</source>
        <translation>Geglättete Oberflächen, eine Gruppe je Label.</translation>
    </message>
    <message>
        <source>Smoothed surfaces in the colours of the labels.</source>
        <translation>Geglättete Oberflächen in den Farben der Labels.</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export labels</source>
        <translation>Labels exportieren</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
</context>
<context>
    <name>Findings</name>
    <message>
        <source>Sizes of labels are not affected.</source>
        <translation>Die Größe der Labels ist davon nicht betroffen.</translation>
    </message>
    <message>
        <source>Labels are measured in voxels; millimetres are not stated.</source>
        <translation>Labels werden in Voxeln gemessen; Millimeter werden nicht angegeben.</translation>
    </message>
    <message>
        <source>Measures are in true millimetres, approximate because voxels were interpolated.</source>
        <translation>Messwerte sind echte Millimeter, aber ungefähr, weil Voxel interpoliert wurden.</translation>
    </message>
    <message>
        <source>Sizes of labels hold; which side is left cannot be told.</source>
        <translation>Die Größe der Labels stimmt; welche Seite links ist, ist nicht bekannt.</translation>
    </message>
    <message>
        <source>Labels belong to this one image alone.</source>
        <translation>Labels gehören nur zu diesem einen Bild.</translation>
    </message>
    <message>
        <source>Volumes are approximate, because slices are missing.</source>
        <translation>Volumen sind ungefähr, weil Schichten fehlen.</translation>
    </message>
    <message>
        <source>Sizes of labels are not affected; means of their values are.</source>
        <translation>Die Größe der Labels ist nicht betroffen, die Mittelwerte ihrer Bildwerte schon.</translation>
    </message>
    <message>
        <source>Measures follow what was taken: check a length that you know.</source>
        <translation>Messwerte folgen dem, was angenommen wurde: Prüfen Sie eine bekannte Länge.</translation>
    </message>
    <message>
        <source>Look at the picture before you measure: parts may be damaged or shifted.</source>
        <translation>Sehen Sie das Bild vor dem Messen an: Teile können beschädigt oder verschoben sein.</translation>
    </message>
    <message>
        <source>If the file belongs to this image, a part of the image is missing.</source>
        <translation>Gehört die Datei zu diesem Bild, so fehlt ein Teil des Bildes.</translation>
    </message>
    <message>
        <source>Lengths and areas within the slice hold; volumes do not.</source>
        <translation>Längen und Flächen in der Schicht gelten; Volumina nicht.</translation>
    </message>
    <message>
        <source>Lengths and areas are given, volumes are not.</source>
        <translation>Längen und Flächen werden angegeben, Volumen nicht.</translation>
    </message>
    <message>
        <source>Lengths and areas may differ from those in the patient.</source>
        <translation>Längen und Flächen können von denen im Patienten abweichen.</translation>
    </message>
    <message>
        <source>Volumes and lengths across slices are approximate.</source>
        <translation>Volumen und Längen quer zu den Schichten sind ungefähr.</translation>
    </message>
</context>
<context>
    <name>FindingsBadge</name>
    <message>
        <source>Findings of the image</source>
        <translation>Hinweise zum Bild</translation>
    </message>
    <message>
        <source>1 finding</source>
        <translation>1 Hinweis</translation>
    </message>
    <message>
        <source>{0} findings</source>
        <translation>{0} Hinweise</translation>
    </message>
</context>
<context>
    <name>FindingsPanel</name>
    <message>
        <source>Nothing unusual was found in this image.</source>
        <translation>An diesem Bild ist nichts auffällig.</translation>
    </message>
    <message>
        <source>Findings of the image</source>
        <translation>Hinweise zum Bild</translation>
    </message>
</context>
<context>
    <name>GuideWindow</name>
    <message>
        <source>User guide</source>
        <translation>Benutzerhandbuch</translation>
    </message>
    <message>
        <source>Text of the guide</source>
        <translation>Text des Handbuchs</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>Inhalt</translation>
    </message>
    <message>
        <source>Search the guide</source>
        <translation>Handbuch durchsuchen</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} von {1}</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
</context>
<context>
    <name>HelpController</name>
    <message>
        <source>What is new</source>
        <translation>Neuerungen</translation>
    </message>
</context>
<context>
    <name>ImportController</name>
    <message>
        <source>{0} labels were added.</source>
        <translation>{0} Labels wurden hinzugefügt.</translation>
    </message>
    <message>
        <source>One label was added.</source>
        <translation>Ein Label wurde hinzugefügt.</translation>
    </message>
</context>
<context>
    <name>InfoController</name>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Volumen</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Einzelbild</translation>
    </message>
    <message>
        <source>Label map</source>
        <translation>Labelkarte</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>Modalität</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>Voxelabstand</translation>
    </message>
    <message>
        <source>Part of the file</source>
        <translation>Teil der Datei</translation>
    </message>
    <message>
        <source>{0}, part {1}</source>
        <translation>{0}, Teil {1}</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>Serie</translation>
    </message>
    <message>
        <source>{0} pixels</source>
        <translation>{0} Pixel</translation>
    </message>
    <message>
        <source>{0} pixels, {1} slices</source>
        <translation>{0} Pixel, {1} Schichten</translation>
    </message>
    <message>
        <source>Orientation</source>
        <translation>Ausrichtung</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Werte</translation>
    </message>
    <message>
        <source>axial slices, from feet to head</source>
        <translation>axiale Schichten, von den Füßen zum Kopf</translation>
    </message>
    <message>
        <source>axial slices, from head to feet</source>
        <translation>axiale Schichten, vom Kopf zu den Füßen</translation>
    </message>
    <message>
        <source>coronal slices, from front to back</source>
        <translation>koronale Schichten, von vorn nach hinten</translation>
    </message>
    <message>
        <source>coronal slices, from back to front</source>
        <translation>koronale Schichten, von hinten nach vorn</translation>
    </message>
    <message>
        <source>sagittal slices, from right to left</source>
        <translation>sagittale Schichten, von rechts nach links</translation>
    </message>
    <message>
        <source>sagittal slices, from left to right</source>
        <translation>sagittale Schichten, von links nach rechts</translation>
    </message>
    <message>
        <source>axial slice</source>
        <translation>axiale Schicht</translation>
    </message>
    <message>
        <source>coronal slice</source>
        <translation>koronale Schicht</translation>
    </message>
    <message>
        <source>sagittal slice</source>
        <translation>sagittale Schicht</translation>
    </message>
    <message>
        <source>{0}, as the file says</source>
        <translation>{0}, wie die Datei es angibt</translation>
    </message>
    <message>
        <source>{0}, for soft tissue; the file says none</source>
        <translation>{0}, für Weichteile; die Datei gibt keine an</translation>
    </message>
    <message>
        <source>{0}, for soft tissue: the values look like HU, though the file does not say so</source>
        <translation>{0}, für Weichteile: Die Werte sehen nach HU aus, auch wenn die Datei es nicht sagt</translation>
    </message>
    <message>
        <source>{0}, from the values; the file says none</source>
        <translation>{0}, aus den Werten; die Datei gibt keine an</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>Gespeichert als</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>Fensterung</translation>
    </message>
    <message>
        <source>The key 0 goes back to it.</source>
        <translation>Die Taste 0 kehrt dahin zurück.</translation>
    </message>
    <message>
        <source>unknown: sizes are told in pixels</source>
        <translation>unbekannt: Größen werden in Pixeln angegeben</translation>
    </message>
    <message>
        <source>unknown: sizes are told in voxels</source>
        <translation>unbekannt: Größen werden in Voxeln angegeben</translation>
    </message>
    <message>
        <source>unknown: slices are shown as they are stored</source>
        <translation>unbekannt: Schichten werden gezeigt, wie sie gespeichert sind</translation>
    </message>
    <message>
        <source>{0}, oblique</source>
        <translation>{0}, schräg</translation>
    </message>
    <message>
        <source>x to {0}, y to {1}, z to {2}</source>
        <translation>x nach {0}, y nach {1}, z nach {2}</translation>
    </message>
    <message>
        <source>red, green and blue, {0} bits each</source>
        <translation>Rot, Grün und Blau, je {0} Bit</translation>
    </message>
    <message>
        <source>decimal numbers, {0} bits</source>
        <translation>Kommazahlen, {0} Bit</translation>
    </message>
    <message>
        <source>whole numbers, {0} bits</source>
        <translation>ganze Zahlen, {0} Bit</translation>
    </message>
    <message>
        <source>{0} to {1}</source>
        <translation>{0} bis {1}</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Nummer</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>Geboren</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Datum</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>the file says nothing</source>
        <translation>die Datei sagt nichts</translation>
    </message>
</context>
<context>
    <name>InfoPanel</name>
    <message>
        <source>No image is open.</source>
        <translation>Kein Bild ist geöffnet.</translation>
    </message>
    <message>
        <source>Show patient data</source>
        <translation>Patientendaten anzeigen</translation>
    </message>
</context>
<context>
    <name>KeySheet</name>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasten und Maus</translation>
    </message>
    <message>
        <source>Search for an action or a key</source>
        <translation>Nach Befehl oder Taste suchen</translation>
    </message>
    <message>
        <source>Keys by menu</source>
        <translation>Tasten nach Menü</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>No action and no key is called that.</source>
        <translation>So heißt kein Befehl und keine Taste.</translation>
    </message>
    <message>
        <source>Keys as in {0}; Preferences offers others.</source>
        <translation>Tasten wie in {0}; andere stehen in den Einstellungen.</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Radiology</source>
        <translation>Radiologie</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>Mausrad</translation>
    </message>
    <message>
        <source>Next or previous slice; with Shift ten</source>
        <translation>Nächste oder vorherige Schicht; mit Umschalt zehn</translation>
    </message>
    <message>
        <source>Ctrl+wheel</source>
        <translation>Strg+Mausrad</translation>
    </message>
    <message>
        <source>Zoom at the cursor</source>
        <translation>Am Zeiger vergrößern</translation>
    </message>
    <message>
        <source>Shift+wheel with a brush</source>
        <translation>Umschalt+Mausrad mit Pinsel</translation>
    </message>
    <message>
        <source>Size of the brush</source>
        <translation>Größe des Pinsels</translation>
    </message>
    <message>
        <source>Left drag</source>
        <translation>Links ziehen</translation>
    </message>
    <message>
        <source>The tool in hand</source>
        <translation>Das gewählte Werkzeug</translation>
    </message>
    <message>
        <source>Right or Ctrl+left drag</source>
        <translation>Rechts oder Strg+links ziehen</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Middle, Shift+left or Alt+left drag</source>
        <translation>Mitte, Umschalt+links oder Alt+links ziehen</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>Bild verschieben</translation>
    </message>
    <message>
        <source>Double-click</source>
        <translation>Doppelklick</translation>
    </message>
    <message>
        <source>One plane or all</source>
        <translation>Eine Ebene oder alle</translation>
    </message>
    <message>
        <source>Up, Down</source>
        <translation>Auf, Ab</translation>
    </message>
    <message>
        <source>Page up, Page down</source>
        <translation>Bild auf, Bild ab</translation>
    </message>
    <message>
        <source>Ten slices</source>
        <translation>Zehn Schichten</translation>
    </message>
    <message>
        <source>Home, End</source>
        <translation>Pos1, Ende</translation>
    </message>
    <message>
        <source>First or last slice</source>
        <translation>Erste oder letzte Schicht</translation>
    </message>
    <message>
        <source>Left, Right</source>
        <translation>Links, Rechts</translation>
    </message>
    <message>
        <source>Previous or next plane</source>
        <translation>Vorherige oder nächste Ebene</translation>
    </message>
    <message>
        <source>Arrows, with a keyboard box</source>
        <translation>Pfeile, mit einem Tastatur-Rahmen</translation>
    </message>
    <message>
        <source>Move the box; with Shift its size, with Ctrl ten voxels</source>
        <translation>Rahmen verschieben; mit Umschalt seine Größe, mit Strg zehn Voxel</translation>
    </message>
    <message>
        <source>In a slice</source>
        <translation>In einem Schichtbild</translation>
    </message>
</context>
<context>
    <name>LabelList</name>
    <message>
        <source>label {0}</source>
        <translation>Label {0}</translation>
    </message>
    <message>
        <source>locked</source>
        <translation>gesperrt</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>ausgeblendet</translation>
    </message>
</context>
<context>
    <name>LabelRow</name>
    <message>
        <source>Name of the label</source>
        <translation>Name des Labels</translation>
    </message>
    <message>
        <source>Colour of label {0}</source>
        <translation>Farbe von Label {0}</translation>
    </message>
    <message>
        <source>Hide the label</source>
        <translation>Label ausblenden</translation>
    </message>
    <message>
        <source>Show the label</source>
        <translation>Label anzeigen</translation>
    </message>
    <message>
        <source>Unlock the label</source>
        <translation>Label entsperren</translation>
    </message>
    <message>
        <source>Lock the label: it is never painted over</source>
        <translation>Label sperren: es wird nie übermalt</translation>
    </message>
</context>
<context>
    <name>LabelsController</name>
    <message>
        <source>There can be no more labels.</source>
        <translation>Mehr Labels sind nicht möglich.</translation>
    </message>
    <message>
        <source>“{0}” is locked: unlock it before it is removed.</source>
        <translation>„{0}“ ist gesperrt: vor dem Entfernen entsperren.</translation>
    </message>
    <message>
        <source>There is no label {0} in the list.</source>
        <translation>Es gibt kein Label {0} in der Liste.</translation>
    </message>
    <message>
        <source>Label {0}</source>
        <translation>Label {0}</translation>
    </message>
    <message>
        <source>less than 1 %</source>
        <translation>weniger als 1 %</translation>
    </message>
    <message>
        <source>{0} %</source>
        <translation>{0} %</translation>
    </message>
</context>
<context>
    <name>LabelsPanel</name>
    <message>
        <source>Orange</source>
        <translation>Orange</translation>
    </message>
    <message>
        <source>Sky blue</source>
        <translation>Himmelblau</translation>
    </message>
    <message>
        <source>Bluish green</source>
        <translation>Blaugrün</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>Gelb</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>Blau</translation>
    </message>
    <message>
        <source>Vermilion</source>
        <translation>Zinnoberrot</translation>
    </message>
    <message>
        <source>Reddish purple</source>
        <translation>Rotviolett</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filtern</translation>
    </message>
    <message>
        <source>Show labels by name</source>
        <translation>Labels nach Namen zeigen</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>Label hinzufügen</translation>
    </message>
    <message>
        <source>Add a label to paint with</source>
        <translation>Ein Label zum Malen hinzufügen</translation>
    </message>
    <message>
        <source>Locked labels in the way</source>
        <translation>Gesperrte Labels im Weg</translation>
    </message>
    <message>
        <source>{0} of the preview belongs to “{1}” (locked)</source>
        <translation>{0} der Vorschau gehört zu „{1}“ (gesperrt)</translation>
    </message>
    <message>
        <source>Colour of “{0}”</source>
        <translation>Farbe von „{0}“</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>No labels yet. Add one to paint with.</source>
        <translation>Noch keine Labels. Fügen Sie eines zum Malen hinzu.</translation>
    </message>
    <message>
        <source>No label is called that.</source>
        <translation>So heißt kein Label.</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Locked</source>
        <translation>Gesperrt</translation>
    </message>
    <message>
        <source>Shown</source>
        <translation>Sichtbar</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Another colour…</source>
        <translation>Andere Farbe…</translation>
    </message>
</context>
<context>
    <name>LicencesDialog</name>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>What travels with the program</source>
        <translation>Was zum Programm gehört</translation>
    </message>
    <message>
        <source>Licence text</source>
        <translation>Lizenztext</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Value under the cursor</source>
        <translation>Wert unter dem Zeiger</translation>
    </message>
    <message>
        <source>Research use only</source>
        <translation>Nur für Forschungszwecke</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>Nur für Forschungszwecke. Kein Medizinprodukt.</translation>
    </message>
</context>
<context>
    <name>MeasureController</name>
    <message>
        <source>Copied: measures of {0} labels.</source>
        <translation>Kopiert: Messwerte von {0} Labels.</translation>
    </message>
    <message>
        <source>Copied: measures of one label.</source>
        <translation>Kopiert: Messwerte eines Labels.</translation>
    </message>
    <message>
        <source>Something else is being saved: try again when that has ended.</source>
        <translation>Es wird gerade etwas anderes gespeichert: danach bitte erneut versuchen.</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>Gespeichert: {0}</translation>
    </message>
</context>
<context>
    <name>MeasuresPanel</name>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the measures of all labels for a spreadsheet</source>
        <translation>Messwerte aller Labels für eine Tabellenkalkulation kopieren</translation>
    </message>
    <message>
        <source>Save CSV…</source>
        <translation>CSV speichern…</translation>
    </message>
    <message>
        <source>Save the measures of all labels as a table</source>
        <translation>Messwerte aller Labels als Tabelle speichern</translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation>Vergleichen…</translation>
    </message>
    <message>
        <source>Compare with the labels of another file</source>
        <translation>Mit den Labels einer anderen Datei vergleichen</translation>
    </message>
    <message>
        <source>End</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>End the comparison</source>
        <translation>Vergleich beenden</translation>
    </message>
    <message>
        <source>Measures of the labels</source>
        <translation>Messwerte der Labels</translation>
    </message>
    <message>
        <source>Agreement with the reference</source>
        <translation>Übereinstimmung mit der Referenz</translation>
    </message>
    <message>
        <source>Open an image first.</source>
        <translation>Bitte zuerst ein Bild öffnen.</translation>
    </message>
    <message>
        <source>Add a label and draw: it is measured here.</source>
        <translation>Ein Label hinzufügen und zeichnen: hier wird es gemessen.</translation>
    </message>
    <message>
        <source>Compared with {0}</source>
        <translation>Verglichen mit {0}</translation>
    </message>
    <message>
        <source>The labels have changed since: compare again.</source>
        <translation>Die Labels haben sich seitdem geändert: bitte erneut vergleichen.</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>Pixel</translation>
    </message>
    <message>
        <source>voxels</source>
        <translation>Voxel</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>Pixel</translation>
    </message>
    <message>
        <source>Area of the label in slice {0}, the active one</source>
        <translation>Fläche des Labels in Schicht {0}, der aktiven</translation>
    </message>
    <message>
        <source>The longest diameter in any slice, as RECIST 1.1 measures it</source>
        <translation>Der längste Durchmesser in irgendeiner Schicht, wie ihn RECIST 1.1 misst</translation>
    </message>
    <message>
        <source>The longest diameter at right angles to the long axis, in the same slice</source>
        <translation>Der längste Durchmesser senkrecht zur langen Achse, in derselben Schicht</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>Label</translation>
    </message>
    <message>
        <source>Volume (ml)</source>
        <translation>Volumen (ml)</translation>
    </message>
    <message>
        <source>The size of a pixel is unknown: lengths and areas are in pixels.</source>
        <translation>Die Größe eines Pixels ist unbekannt: Längen und Flächen sind in Pixeln angegeben.</translation>
    </message>
    <message>
        <source>The size of a voxel is unknown: lengths are in voxels, and there is no volume.</source>
        <translation>Die Größe eines Voxels ist unbekannt: Längen sind in Voxeln angegeben, ein Volumen gibt es nicht.</translation>
    </message>
    <message>
        <source>Voxels</source>
        <translation>Voxel</translation>
    </message>
    <message>
        <source>Area here ({0})</source>
        <translation>Fläche hier ({0})</translation>
    </message>
    <message>
        <source>Long axis ({0})</source>
        <translation>Lange Achse ({0})</translation>
    </message>
    <message>
        <source>Short axis ({0})</source>
        <translation>Kurze Achse ({0})</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>Mittelwert</translation>
    </message>
    <message>
        <source>SD</source>
        <translation>SD</translation>
    </message>
    <message>
        <source>Standard deviation of the values</source>
        <translation>Standardabweichung der Werte</translation>
    </message>
    <message>
        <source>Min</source>
        <translation>Min</translation>
    </message>
    <message>
        <source>Max</source>
        <translation>Max</translation>
    </message>
    <message>
        <source>Being measured</source>
        <translation>Wird gemessen</translation>
    </message>
    <message>
        <source>Approximate: the geometry of the image was repaired or assumed</source>
        <translation>Ungefähr: die Geometrie des Bildes wurde repariert oder angenommen</translation>
    </message>
    <message>
        <source>In slice {0}</source>
        <translation>In Schicht {0}</translation>
    </message>
    <message>
        <source>≈ approximate: the geometry of the image was repaired or assumed.</source>
        <translation>≈ ungefähr: die Geometrie des Bildes wurde repariert oder angenommen.</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>Overlap: 1 where both are the same, 0 where they do not touch</source>
        <translation>Überlappung: 1, wenn beide gleich sind, 0, wenn sie sich nicht überlappen</translation>
    </message>
    <message>
        <source>Hausdorff 95 ({0})</source>
        <translation>Hausdorff 95 ({0})</translation>
    </message>
    <message>
        <source>95 per cent of either border lie within this distance of the other</source>
        <translation>Je 95 Prozent beider Ränder liegen höchstens so weit vom anderen entfernt</translation>
    </message>
    <message>
        <source>Mean distance ({0})</source>
        <translation>Mittlerer Abstand ({0})</translation>
    </message>
    <message>
        <source>Mean distance between the borders</source>
        <translation>Mittlerer Abstand zwischen den Rändern</translation>
    </message>
    <message>
        <source>Label {0} of the reference</source>
        <translation>Label {0} der Referenz</translation>
    </message>
    <message>
        <source>Not in the reference: {0}</source>
        <translation>Nicht in der Referenz: {0}</translation>
    </message>
    <message>
        <source>Only in the reference: values {0}</source>
        <translation>Nur in der Referenz: Werte {0}</translation>
    </message>
</context>
<context>
    <name>ModelPanel</name>
    <message>
        <source>full precision</source>
        <translation>volle Genauigkeit</translation>
    </message>
    <message>
        <source>half precision</source>
        <translation>halbe Genauigkeit</translation>
    </message>
    <message>
        <source>8-bit precision</source>
        <translation>8-Bit-Genauigkeit</translation>
    </message>
    <message>
        <source>No model is open yet.</source>
        <translation>Noch ist kein Modell geöffnet.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Dieses Modell verwenden</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>From a zip file…</source>
        <translation>Aus einer ZIP-Datei…</translation>
    </message>
    <message>
        <source>From a folder…</source>
        <translation>Aus einem Ordner…</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>Messen</translation>
    </message>
    <message>
        <source>About the model</source>
        <translation>Über das Modell</translation>
    </message>
    <message>
        <source>In use: {0} {1}, {2}, on {3}</source>
        <translation>In Gebrauch: {0} {1}, {2}, auf {3}</translation>
    </message>
    <message>
        <source>{0} ms for a new box</source>
        <translation>{0} ms für einen neuen Rahmen</translation>
    </message>
    <message>
        <source>cannot be used: {0}</source>
        <translation>nicht verwendbar: {0}</translation>
    </message>
    <message>
        <source>{0} (chosen)</source>
        <translation>{0} (gewählt)</translation>
    </message>
</context>
<context>
    <name>ModelsController</name>
    <message>
        <source>opening…</source>
        <translation>wird geöffnet…</translation>
    </message>
    <message>
        <source>A new box takes {0} ms on this machine.</source>
        <translation>Ein neuer Rahmen braucht auf diesem Rechner {0} ms.</translation>
    </message>
    <message>
        <source>measuring…</source>
        <translation>wird gemessen…</translation>
    </message>
    <message>
        <source>Install the model package “{0}”? Use only models from people whom you trust.</source>
        <translation>Das Modellpaket „{0}“ installieren? Verwenden Sie nur Modelle von Personen, denen Sie vertrauen.</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>Modell importieren</translation>
    </message>
    <message>
        <source>installing…</source>
        <translation>wird installiert…</translation>
    </message>
    <message>
        <source>Fastest on this machine</source>
        <translation>Das schnellste auf diesem Rechner</translation>
    </message>
    <message>
        <source>measured once, then remembered</source>
        <translation>einmal gemessen, dann gemerkt</translation>
    </message>
    <message>
        <source>version {0}, {1}, licence {2}</source>
        <translation>Version {0}, {1}, Lizenz {2}</translation>
    </message>
</context>
<context>
    <name>OfferLine</name>
    <message>
        <source>Go on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>Liegen lassen</translation>
    </message>
    <message>
        <source>Go on with the unfinished batch</source>
        <translation>Den unvollendeten Stapel fortsetzen</translation>
    </message>
    <message>
        <source>Leave the unfinished batch</source>
        <translation>Den unvollendeten Stapel liegen lassen</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>Standard wiederherstellen</translation>
    </message>
    <message>
        <source>General</source>
        <translation>Allgemein</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Another language is spoken from the next start on.</source>
        <translation>Eine andere Sprache gilt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Keys as in</source>
        <translation>Tasten wie in</translation>
    </message>
    <message>
        <source>Images and labels</source>
        <translation>Bilder und Labels</translation>
    </message>
    <message>
        <source>Opacity of labels</source>
        <translation>Deckkraft der Labels</translation>
    </message>
    <message>
        <source>Filled</source>
        <translation>Gefüllt</translation>
    </message>
    <message>
        <source>Outlines only</source>
        <translation>Nur Umrisse</translation>
    </message>
    <message>
        <source>Labels are drawn</source>
        <translation>Labels werden gezeichnet</translation>
    </message>
    <message>
        <source>Smooth pixels</source>
        <translation>Pixel glätten</translation>
    </message>
    <message>
        <source>Segmentation</source>
        <translation>Segmentierung</translation>
    </message>
    <message>
        <source>Radius of the brush</source>
        <translation>Radius des Pinsels</translation>
    </message>
    <message>
        <source> voxels</source>
        <translation> Voxel</translation>
    </message>
    <message>
        <source>Prepare neighbouring slices when idle</source>
        <translation>Nachbarschichten im Leerlauf vorbereiten</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>Datenschutz</translation>
    </message>
    <message>
        <source>Show patient data from DICOM files</source>
        <translation>Patientendaten aus DICOM-Dateien anzeigen</translation>
    </message>
    <message>
        <source>Forget recent files and folders</source>
        <translation>Zuletzt verwendete Dateien und Ordner vergessen</translation>
    </message>
</context>
<context>
    <name>ProgressFoot</name>
    <message>
        <source>Progress of the batch</source>
        <translation>Fortschritt des Stapels</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Hold the batch up</source>
        <translation>Den Stapel anhalten</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>Do the cases that wait</source>
        <translation>Die wartenden Fälle bearbeiten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Stop the batch; what is done is kept</source>
        <translation>Den Stapel beenden; Fertiges bleibt</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Try the cases that failed once more</source>
        <translation>Die fehlgeschlagenen Fälle erneut versuchen</translation>
    </message>
    <message>
        <source>Getting ready…</source>
        <translation>Wird vorbereitet…</translation>
    </message>
    <message>
        <source>{0} of {1} cases finished</source>
        <translation>{0} von {1} Fällen fertig</translation>
    </message>
    <message>
        <source>{0} doubtful</source>
        <translation>{0} zweifelhaft</translation>
    </message>
    <message>
        <source>{0} failed</source>
        <translation>{0} fehlgeschlagen</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>pausing…</source>
        <translation>wird angehalten…</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>beendet</translation>
    </message>
    <message>
        <source>about {0} left</source>
        <translation>noch etwa {0}</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} s</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0} min</translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation>{0} h {1} min</translation>
    </message>
</context>
<context>
    <name>ProgressLine</name>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>{0} more</source>
        <translation>{0} weitere</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>The next of the other tasks</source>
        <translation>Die nächste der anderen Aufgaben</translation>
    </message>
    <message>
        <source>About {0} s left</source>
        <translation>Noch etwa {0} s</translation>
    </message>
    <message>
        <source>{0} s left</source>
        <translation>Noch {0} s</translation>
    </message>
</context>
<context>
    <name>PropagateController</name>
    <message>
        <source>One slice: {0}.</source>
        <translation>Eine Schicht: {0}.</translation>
    </message>
    <message>
        <source>{0} slices, {1} to {2}.</source>
        <translation>{0} Schichten, {1} bis {2}.</translation>
    </message>
    <message>
        <source>Choose a label that is not locked first.</source>
        <translation>Bitte zuerst ein Label wählen, das nicht gesperrt ist.</translation>
    </message>
    <message>
        <source>Draw a box in this slice first: that is what is carried through the volume.</source>
        <translation>Bitte zuerst einen Rahmen in dieser Schicht zeichnen: er wird durch das Volumen fortgesetzt.</translation>
    </message>
</context>
<context>
    <name>RecoveryController</name>
    <message>
        <source>“{0}”, last changed {1}, one unsaved change</source>
        <translation>„{0}“, zuletzt geändert {1}, eine nicht gespeicherte Änderung</translation>
    </message>
    <message>
        <source>“{0}”, last changed {1}, {2} unsaved changes</source>
        <translation>„{0}“, zuletzt geändert {1}, {2} nicht gespeicherte Änderungen</translation>
    </message>
    <message>
        <source>Work cannot be kept safe against a crash here: the folder cannot be written.</source>
        <translation>Die Arbeit kann hier nicht gegen einen Absturz gesichert werden: in den Ordner kann nicht geschrieben werden.</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Problem report</source>
        <translation>Problembericht</translation>
    </message>
    <message>
        <source>This is all that the report holds. No file name, path or patient data is in it. Nothing is sent: copy or save it, and give it to whoever helps you.</source>
        <translation>Das ist alles, was der Bericht enthält: keine Dateinamen, Pfade oder Patientendaten. Es wird nichts gesendet. Kopieren oder speichern Sie ihn und geben Sie ihn der Person, die Ihnen hilft.</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>Speichern…</translation>
    </message>
</context>
<context>
    <name>Samples</name>
    <message>
        <source>Brain (MR)</source>
        <translation>Gehirn (MR)</translation>
    </message>
    <message>
        <source>Phantom (CT)</source>
        <translation>Phantom (CT)</translation>
    </message>
    <message>
        <source>Retina</source>
        <translation>Netzhaut</translation>
    </message>
    <message>
        <source>Glands</source>
        <translation>Drüsen</translation>
    </message>
</context>
<context>
    <name>SavingController</name>
    <message>
        <source>Saved and verified: {0}</source>
        <translation>Gespeichert und geprüft: {0}</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>Gespeichert: {0}</translation>
    </message>
    <message>
        <source>Something is being saved: the window closes after that.</source>
        <translation>Es wird noch gespeichert: Das Fenster schließt sich danach.</translation>
    </message>
    <message>
        <source>Not saved: {0}</source>
        <translation>Nicht gespeichert: {0}</translation>
    </message>
    <message>
        <source>Something is being saved: try again in a moment.</source>
        <translation>Es wird gerade etwas gespeichert: Versuchen Sie es gleich noch einmal.</translation>
    </message>
</context>
<context>
    <name>SegmentController</name>
    <message>
        <source>Draw a box or click inside the object first; then click on what is too much.</source>
        <translation>Zuerst einen Rahmen zeichnen oder in das Objekt klicken; dann auf das klicken, was zu viel ist.</translation>
    </message>
    <message>
        <source>The mask is empty: nothing was written.</source>
        <translation>Die Maske ist leer: es wurde nichts geschrieben.</translation>
    </message>
    <message>
        <source>Add a label first.</source>
        <translation>Bitte zuerst ein Label hinzufügen.</translation>
    </message>
    <message>
        <source>The label “{0}” is locked. Unlock it or choose another one.</source>
        <translation>Das Label „{0}“ ist gesperrt. Entsperren Sie es oder wählen Sie ein anderes.</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>.</source>
        <translation>.</translation>
    </message>
</context>
<context>
    <name>SeriesDialog</name>
    <message>
        <source>Choose an image</source>
        <translation>Bild wählen</translation>
    </message>
    <message>
        <source>Show patient data</source>
        <translation>Patientendaten anzeigen</translation>
    </message>
    <message>
        <source>{0} images were found:</source>
        <translation>{0} Bilder wurden gefunden:</translation>
    </message>
    <message>
        <source>Images that were found</source>
        <translation>Gefundene Bilder</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>Modalität</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>Geboren</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>Datum</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>1 file was passed over</source>
        <translation>1 Datei wurde übergangen</translation>
    </message>
    <message>
        <source>{0} files were passed over</source>
        <translation>{0} Dateien wurden übergangen</translation>
    </message>
    <message>
        <source>Why files were passed over</source>
        <translation>Warum Dateien übergangen wurden</translation>
    </message>
</context>
<context>
    <name>SliceMenuController</name>
    <message>
        <source>Draw in “{0}”</source>
        <translation>In „{0}“ zeichnen</translation>
    </message>
</context>
<context>
    <name>SliceStrip</name>
    <message>
        <source>Slices</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Slice {0} of {1}</source>
        <translation>Schicht {0} von {1}</translation>
    </message>
    <message>
        <source>No “{0}” here</source>
        <translation>Hier kein „{0}“</translation>
    </message>
    <message>
        <source>Holds “{0}”</source>
        <translation>Enthält „{0}“</translation>
    </message>
    <message>
        <source>Score {0}: worth a second look</source>
        <translation>Güte {0}: einen zweiten Blick wert</translation>
    </message>
    <message>
        <source>Score {0}</source>
        <translation>Güte {0}</translation>
    </message>
    <message>
        <source>Carry from this slice on</source>
        <translation>Ab dieser Schicht fortsetzen</translation>
    </message>
    <message>
        <source>Carry up to this slice</source>
        <translation>Bis zu dieser Schicht fortsetzen</translation>
    </message>
    <message>
        <source>Carry through all slices</source>
        <translation>Durch alle Schichten fortsetzen</translation>
    </message>
</context>
<context>
    <name>SlicesDialog</name>
    <message>
        <source>Fill a 3-D box</source>
        <translation>3D-Rahmen füllen</translation>
    </message>
    <message>
        <source>First slice</source>
        <translation>Erste Schicht</translation>
    </message>
    <message>
        <source>Last slice</source>
        <translation>Letzte Schicht</translation>
    </message>
</context>
<context>
    <name>StatusController</name>
    <message>
        <source>Reading {0}…</source>
        <translation>{0} wird gelesen…</translation>
    </message>
    <message>
        <source>Changing “{0}”…</source>
        <translation>„{0}“ wird geändert…</translation>
    </message>
    <message>
        <source>Saving {0}…</source>
        <translation>{0} wird gespeichert…</translation>
    </message>
    <message>
        <source>Comparing with {0}…</source>
        <translation>Vergleich mit {0} läuft …</translation>
    </message>
    <message>
        <source>Ending the saving of {0}…</source>
        <translation>Speichern von {0} wird beendet…</translation>
    </message>
    <message>
        <source>Filling the box…</source>
        <translation>Der 3D-Rahmen wird gefüllt…</translation>
    </message>
    <message>
        <source>Carrying the mask through the volume…</source>
        <translation>Die Maske wird durch das Volumen fortgesetzt…</translation>
    </message>
</context>
<context>
    <name>StripController</name>
    <message>
        <source>“{0}” is in every other slice.</source>
        <translation>„{0}“ ist in jeder anderen Schicht vorhanden.</translation>
    </message>
    <message>
        <source>No other slice of “{0}” is in doubt.</source>
        <translation>Keine andere Schicht von „{0}“ ist zweifelhaft.</translation>
    </message>
</context>
<context>
    <name>SurfaceController</name>
    <message>
        <source>A picture has no depth, so there is no 3-D surface.</source>
        <translation>Ein Bild hat keine Tiefe, also gibt es keine 3D-Oberfläche.</translation>
    </message>
    <message>
        <source>Nothing is labelled yet: the surfaces of labels appear here.</source>
        <translation>Noch ist nichts markiert: Hier erscheinen die Oberflächen der Labels.</translation>
    </message>
</context>
<context>
    <name>SurfacePanel</name>
    <message>
        <source>3-D surface</source>
        <translation>3D-Oberfläche</translation>
    </message>
    <message>
        <source>Arrow keys turn it, plus and minus zoom; A, P, L, R, S and I look from a side, Home fits it in.</source>
        <translation>Pfeiltasten drehen, Plus und Minus zoomen; A, P, L, R, S und I zeigen die Ansicht von einer Seite, Pos1 passt alles ein.</translation>
    </message>
    <message>
        <source>Drag to turn, wheel to zoom, Shift and drag to move, double click to fit</source>
        <translation>Ziehen dreht, Mausrad zoomt, Umschalt und Ziehen verschiebt, Doppelklick passt alles ein</translation>
    </message>
    <message>
        <source>3-D surfaces need OpenGL, which this computer does not offer. Everything else works.</source>
        <translation>3D-Oberflächen brauchen OpenGL, das dieser Computer nicht bietet. Alles andere funktioniert.</translation>
    </message>
    <message>
        <source>Updating…</source>
        <translation>Wird aktualisiert…</translation>
    </message>
</context>
<context>
    <name>WelcomePanel</name>
    <message>
        <source>Open an image to begin</source>
        <translation>Zum Beginnen ein Bild öffnen</translation>
    </message>
    <message>
        <source>Drop a DICOM folder, a NIfTI file or a picture here. Then draw a box around a structure: the mask follows the box.</source>
        <translation>Einen DICOM-Ordner, eine NIfTI-Datei oder ein Bild hier ablegen. Dann einen Rahmen um eine Struktur ziehen: die Maske folgt dem Rahmen.</translation>
    </message>
    <message>
        <source>Try a sample</source>
        <translation>Beispiel ausprobieren</translation>
    </message>
    <message>
        <source>Opened lately</source>
        <translation>Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>Nur für Forschungszwecke. Kein Medizinprodukt.</translation>
    </message>
    <message>
        <source>Open file…</source>
        <translation>Datei öffnen…</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>Ordner öffnen…</translation>
    </message>
</context>
<context>
    <name>_Notes</name>
    <message>
        <source>Tested on</source>
        <translation>Getestet an</translation>
    </message>
    <message>
        <source>Accuracy by modality</source>
        <translation>Genauigkeit nach Modalität</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>Modalität</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>Fälle</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>Surface Dice</source>
        <translation>Oberflächen-Dice</translation>
    </message>
    <message>
        <source>This model says nothing of its accuracy.</source>
        <translation>Dieses Modell sagt nichts über seine Genauigkeit.</translation>
    </message>
    <message>
        <source>Card of the model</source>
        <translation>Steckbrief des Modells</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Card</source>
        <translation>Steckbrief</translation>
    </message>
</context>
</TS>
